// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// The least that an answer can cost: a process that prints one. And the least
// that a callback can: one that reads the router's certificates, makes one
// verified TLS connection and reads one answer from the provider.
const (
	floorC   = "#include <unistd.h>\nint main(void){return write(1,\"Status: 200 OK\\r\\n\\r\\n\",18)!=18;}\n"
	floorGo  = "package main\n\nimport \"os\"\n\nfunc main() { _, _ = os.Stdout.WriteString(\"Status: 200 OK\\r\\n\\r\\n\") }\n"
	floorTLS = `package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
)

func main() {
	bundle, err := os.ReadFile(os.Getenv("FLOOR_BUNDLE"))
	if err != nil {
		os.Exit(1)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	conn, err := tls.Dial("tcp", os.Getenv("FLOOR_HOST"), &tls.Config{RootCAs: roots})
	if err != nil {
		os.Exit(1)
	}
	_, _ = io.WriteString(conn, "GET "+os.Getenv("FLOOR_PATH")+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) == 0 {
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString("Status: 200 OK\r\n\r\n")
}
`
)

// floor is a program without work of its own; path is as the router sees it.
type floor struct {
	name, path string
	env        []string
}

func (f floor) command(b *bench) *exec.Cmd {
	return b.lab.Command(lab.Request{Program: f.path, Query: "action=enabled", Env: f.env})
}

// buildFloors compiles the floors into the router's root and says in words
// which could not be had.
func buildFloors(work string, l *lab.Lab) (floors []floor, missing []string) {
	inside := func(path string) string {
		if l.Router.Real {
			return path
		}
		return l.Router.At(path)
	}
	add := func(f floor, file, source string, command ...string) {
		input := filepath.Join(work, file)
		output := l.Router.At(f.path)
		if err := os.WriteFile(input, []byte(source), 0o600); err != nil {
			missing = append(missing, f.name+": "+err.Error())
			return
		}
		cmd := exec.Command(command[0], append(command[1:], output, input)...) // #nosec G204 -- both are ours
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GO111MODULE=off")
		if text, err := cmd.CombinedOutput(); err != nil {
			missing = append(missing, f.name+" could not be built, so there is no such floor: "+err.Error()+" "+firstLine(string(text)))
			return
		}
		f.path = inside(f.path)
		floors = append(floors, f)
	}
	toGo := []string{"go", "build", "-trimpath", "-ldflags", "-s -w", "-o"}
	add(floor{name: nameC, path: "/tmp/floor-c"}, "empty.c", floorC, "gcc", "-Os", "-static", "-s", "-o")
	add(floor{name: nameGo, path: "/tmp/floor-go"}, "empty.go", floorGo, toGo...)
	if keys, err := url.Parse(l.IDP.EndpointURL(idp.JWKS)); err == nil {
		add(floor{name: nameTLS, path: "/tmp/floor-tls", env: []string{
			"FLOOR_BUNDLE=" + inside("/etc/ssl/certs/ca-certificates.crt"), "FLOOR_HOST=" + keys.Host, "FLOOR_PATH=" + keys.Path,
		}}, "tls.go", floorTLS, toGo...)
	}
	rest := floor{name: nameRest, path: "/www/cgi-bin/floor-rest"}
	if err := buildRest(work, l, rest.path); err != nil {
		missing = append(missing, nameRest+" could not be built: "+firstLine(err.Error()))
	} else {
		rest.path = inside(rest.path)
		floors = append(floors, rest)
	}
	return floors, missing
}

// buildRest compiles the router's program with one change: it ends where main
// begins. All of it is linked and started, which is what no request can be
// without.
func buildRest(work string, l *lab.Lab, path string) error {
	repo, err := lab.Repository()
	if err != nil {
		return err
	}
	main := filepath.Join(repo, "src", "cmd", "luci-sso", "main.go")
	text, err := os.ReadFile(main)
	if err != nil {
		return err
	}
	const begin = "func main() {\n"
	if !bytes.Contains(text, []byte(begin)) {
		return errors.New("main.go has no func main as it was")
	}
	text = bytes.Replace(text, []byte(begin), []byte(begin+"\tif os.Getenv(\"GATEWAY_INTERFACE\") != \"\" {\n\t\t_, _ = os.Stdout.WriteString(\"Status: 200 OK\\r\\n\\r\\n\")\n\t\treturn\n\t}\n"), 1)
	changed, overlay := filepath.Join(work, "rest.go"), filepath.Join(work, "rest.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {main: changed}})
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(overlay, list, 0o600)); err != nil {
		return err
	}
	flags := lab.BuildFlags
	if l.Router.Real {
		flags = lab.RealBuildFlags
	}
	return lab.Build(l.Router.At(path), append([]string{"-overlay", overlay}, flags...))
}

// Names of the programs in the tables.
const (
	nameC     = "empty C program"
	nameGo    = "empty Go program"
	nameTLS   = "Go program, one TLS request"
	nameRest  = "luci-sso, ended at its start"
	nameOurs  = "luci-sso"
	nameOther = "other"
)
