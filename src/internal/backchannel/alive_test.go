// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A request with a code in it is sent on a connection that is alive, on the
// first one where that is certain, and never on one that the provider may have
// closed: its answer to the documents did not say that it would.
func TestAFormGoesOutOnALivingConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end         func(*tls.Conn)
		wait        time.Duration
		connections int32
	}{
		"alive":                  {func(*tls.Conn) {}, 0, 1},
		"alive a while":          {func(*tls.Conn) {}, 100 * time.Millisecond, 1},
		"closed":                 {func(conn *tls.Conn) { _ = conn.Close() }, 100 * time.Millisecond, 2},
		"the end is announced":   {func(conn *tls.Conn) { _ = conn.CloseWrite() }, 100 * time.Millisecond, 2},
		"cut without a word":     {func(conn *tls.Conn) { _ = conn.NetConn().Close() }, 100 * time.Millisecond, 2},
		"something more":         {func(conn *tls.Conn) { _, _ = conn.Write([]byte("HTTP/1.1 408 Timeout\r\n\r\n")) }, 100 * time.Millisecond, 2},
		"unused for a long time": {func(*tls.Conn) {}, idle + 100*time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert := httptest.NewUnstartedServer(nil)
			cert.StartTLS() // For its certificate.
			defer cert.Close()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			var connections atomic.Int32
			go func() {
				for {
					raw, err := listener.Accept()
					if err != nil {
						return
					}
					connections.Add(1)
					conn := tls.Server(raw, &tls.Config{Certificates: cert.TLS.Certificates})
					go func() {
						defer conn.Close()
						reader := bufio.NewReader(conn)
						for {
							request, err := http.ReadRequest(reader)
							if err != nil {
								return
							}
							_ = request.ParseForm()
							_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
							if request.Method == "GET" {
								c.end(conn)
							}
						}
					}()
				}
			}()
			ca := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate().Raw}), 0o600); err != nil {
				t.Fatal(err)
			}
			client := New(Trust{CAFile: ca}, "", "test")
			defer client.Close()
			at := "https://" + listener.Addr().String() + "/"
			if _, err := client.Do(context.Background(), Request{URL: at}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(c.wait)
			answer, err := client.Do(context.Background(), Request{URL: at, Form: url.Values{"code": {"once"}}})
			if err != nil || answer.Status != 200 {
				t.Fatalf("the form was answered with %d, %v", answer.Status, err)
			}
			if n := connections.Load(); n != c.connections {
				t.Errorf("%d connections, want %d", n, c.connections)
			}
		})
	}
}

// flights is a connection that notes its changes of direction.
type flights struct {
	net.Conn
	directions string
}

func (f *flights) note(direction string) {
	if !strings.HasSuffix(f.directions, direction) {
		f.directions += direction
	}
}

func (f *flights) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	f.note("<")
	return n, err
}

func (f *flights) Write(b []byte) (int, error) {
	f.note(">")
	return f.Conn.Write(b)
}

// The request goes out after one round trip with every server that speaks TLS
// 1.3 and the usual group, and no key is made that is not needed.
func TestOneRoundTrip(t *testing.T) {
	t.Parallel()
	var offered []tls.CurveID
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		offered = hello.SupportedCurves
		return nil, nil
	}}
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	noted := &flights{Conn: raw}
	conn, err := Trust{CAFile: ca}.secure(context.Background(), new(store), noted, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if noted.directions != "><>" {
		t.Errorf("the handshake went %s", noted.directions)
	}
	if want := []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}; !slices.Equal(offered, want) {
		t.Errorf("offered are %v, want %v: others cost more on a router", offered, want)
	}
}
