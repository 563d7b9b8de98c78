// SPDX-License-Identifier: Apache-2.0

package uhttpd

import "net"

// passed are the request headers a program gets to see; no others.
var passed = []struct{ variable, header string }{
	{"HTTP_ACCEPT", "accept"},
	{"HTTP_ACCEPT_CHARSET", "accept-charset"},
	{"HTTP_ACCEPT_ENCODING", "accept-encoding"},
	{"HTTP_ACCEPT_LANGUAGE", "accept-language"},
	{"HTTP_AUTHORIZATION", "authorization"},
	{"HTTP_CONNECTION", "connection"},
	{"HTTP_COOKIE", "cookie"},
	{"HTTP_HOST", "host"},
	{"HTTP_ORIGIN", "origin"},
	{"HTTP_REFERER", "referer"},
	{"HTTP_USER_AGENT", "user-agent"},
	{"HTTP_X_HTTP_METHOD_OVERRIDE", "x-http-method-override"},
	{"HTTP_AUTH_USER", "http-auth-user"},
	{"HTTP_AUTH_PASS", "http-auth-pass"},
	{"CONTENT_TYPE", "content-type"},
	{"CONTENT_LENGTH", "content-length"},
}

// searchPath is the PATH of every program.
const searchPath = "/sbin:/usr/sbin:/bin:/usr/bin"

// Script says which program a request leads to.
type Script struct {
	Name     string // URL path, "/cgi-bin/luci-sso".
	File     string // Path on disk, as the program sees it.
	Docroot  string // As the program sees it.
	PathInfo string // Decoded; "" sets no PATH_INFO.
	Query    string
}

// Environ is the whole environment of a program: nothing of the server's own
// gets in.
func Environ(r *Request, script Script) []string {
	environ := []string{"PATH=" + searchPath}
	set := func(name, value string) { environ = append(environ, name+"="+value) }
	for _, header := range passed {
		if value, ok := r.Get(header.header); ok {
			set(header.variable, value)
		}
	}
	localHost, localPort := split(r.Local)
	remoteHost, remotePort := split(r.Remote)
	set("GATEWAY_INTERFACE", "CGI/1.1")
	set("SERVER_SOFTWARE", "uhttpd")
	set("SCRIPT_NAME", script.Name)
	set("SCRIPT_FILENAME", script.File)
	set("DOCUMENT_ROOT", script.Docroot)
	set("QUERY_STRING", script.Query)
	set("REQUEST_URI", r.Target)
	set("SERVER_PROTOCOL", r.Proto)
	set("REQUEST_METHOD", r.Method)
	if script.PathInfo != "" {
		set("PATH_INFO", script.PathInfo)
	}
	if r.TLS {
		set("HTTPS", "on")
	}
	set("REDIRECT_STATUS", "200")
	set("SERVER_NAME", localHost)
	set("SERVER_ADDR", localHost)
	set("SERVER_PORT", localPort)
	set("REMOTE_HOST", remoteHost)
	set("REMOTE_ADDR", remoteHost)
	set("REMOTE_PORT", remotePort)
	return environ
}

func split(addr net.Addr) (host, port string) {
	if addr == nil {
		return "", ""
	}
	host, port, _ = net.SplitHostPort(addr.String())
	return host, port
}
