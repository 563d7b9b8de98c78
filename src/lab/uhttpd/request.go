// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
)

// Request is a request as it came in.
type Request struct {
	Method, Target, Proto string
	Header                []Field
	Body                  []byte
	TLS                   bool
	Local, Remote         net.Addr

	close bool // The connection ends after the answer.
}

// Field is one header line. Name is in lower case.
type Field struct{ Name, Value string }

// Get returns the first header of this name (lower case), as the original
// does.
func (r *Request) Get(name string) (string, bool) {
	for _, field := range r.Header {
		if field.Name == name {
			return field.Value, true
		}
	}
	return "", false
}

type refusal struct {
	status int
	text   string
}

var (
	badRequest   = &refusal{400, "Bad Request"}
	lineTooLong  = &refusal{413, "Request Entity Too Large"}
	headersLarge = &refusal{431, "Request Header Fields Too Large"}
	notOffered   = &refusal{501, "Not Implemented"}
)

// readRequest reads one request. Both results are nil when the client left.
func readRequest(reader *bufio.Reader) (*Request, *refusal) {
	line, problem := readLine(reader)
	for line == "" && problem == nil {
		if line, problem = readLine(reader); line == "" && problem == nil {
			return nil, nil
		}
	}
	if problem != nil {
		return nil, orGone(problem)
	}
	parts := strings.Fields(line)
	if len(parts) < 3 {
		return nil, badRequest
	}
	r := &Request{Method: parts[0], Target: parts[1], Proto: parts[2]}
	switch r.Method {
	case "GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE":
	default:
		return nil, badRequest
	}
	if r.Proto != "HTTP/1.1" && r.Proto != "HTTP/1.0" {
		return nil, badRequest
	}
	r.close = r.Proto != "HTTP/1.1"
	if problem := r.readHeader(reader); problem != nil {
		return nil, orGone(problem)
	}
	if problem := r.readBody(reader); problem != nil {
		return nil, orGone(problem)
	}
	return r, nil
}

var gone = &refusal{}

func orGone(problem *refusal) *refusal {
	if problem == gone {
		return nil
	}
	return problem
}

func readLine(reader *bufio.Reader) (string, *refusal) {
	line, err := reader.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", lineTooLong
	}
	if err != nil {
		return "", gone
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func (r *Request) readHeader(reader *bufio.Reader) *refusal {
	size := 0
	for {
		line, problem := readLine(reader)
		if problem != nil {
			return problem
		}
		if line == "" {
			return nil
		}
		size += len(line) + 2
		if len(r.Header) == maxHeaders || size > maxHeaderBytes {
			return headersLarge
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsFunc(name, notToken) || strings.ContainsFunc(value, isControl) {
			return badRequest
		}
		name, value = strings.ToLower(name), strings.TrimLeft(value, " \t")
		r.Header = append(r.Header, Field{name, value})
		if name == "connection" && strings.EqualFold(value, "close") {
			r.close = true
		}
		// The original closes on Safari after every answer.
		if name == "user-agent" && strings.Contains(value, "Safari/") && !strings.Contains(value, "Chrome/") {
			r.close = true
		}
	}
}

func (r *Request) readBody(reader *bufio.Reader) *refusal {
	length, hasLength := r.Get("content-length")
	coding, hasCoding := r.Get("transfer-encoding")
	switch {
	case hasLength && hasCoding:
		return badRequest
	case hasCoding && !strings.EqualFold(coding, "chunked"):
		return notOffered
	case hasCoding:
		body, err := io.ReadAll(io.LimitReader(httputil.NewChunkedReader(reader), maxBody))
		if err != nil {
			return gone
		}
		r.Body = body
		for { // Trailers.
			line, problem := readLine(reader)
			if problem != nil || line == "" {
				return problem
			}
		}
	case hasLength:
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > maxBody {
			return badRequest
		}
		r.Body = make([]byte, n)
		if _, err := io.ReadFull(reader, r.Body); err != nil {
			return gone
		}
	}
	return nil
}

// notToken is true for what RFC 9110 does not allow in a header's name.
func notToken(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", c)
}

func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// standard makes a net/http request of it, for handlers in this process.
func (r *Request) standard() (*http.Request, error) {
	request, err := http.NewRequest(r.Method, r.Target, strings.NewReader(string(r.Body)))
	if err != nil {
		return nil, err
	}
	request.RequestURI = r.Target
	request.RemoteAddr = r.Remote.String()
	if r.TLS {
		request.TLS = &tls.ConnectionState{}
	}
	for _, field := range r.Header {
		request.Header.Add(field.Name, field.Value)
		if field.Name == "host" {
			request.Host = field.Value
		}
	}
	return request, nil
}
