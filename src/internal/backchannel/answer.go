// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// readAnswer reads one HTTP/1.1 response (RFC 9112), interim ones skipped.
func readAnswer(r *bufio.Reader) (answer, error) {
	for range 5 {
		status, header, err := readHead(r)
		if err != nil {
			return answer{}, err
		}
		if status == 101 {
			return answer{}, errors.New("the server switched protocols unasked")
		}
		if status < 200 {
			if len(header["transfer-encoding"])+len(header["content-length"]) > 0 {
				return answer{}, errUnclear
			}
			continue
		}
		a := answer{close: header.has("connection", "close")}
		a.Status = status
		a.Location = header.first("location")
		media, _, _ := strings.Cut(header.first("content-type"), ";")
		a.ContentType = strings.ToLower(strings.TrimSpace(media))
		a.Date, _ = time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", header.first("date"))
		ends, err := a.readBody(r, header)
		a.close = a.close || ends
		if err == nil {
			a.Body, err = expand(a.Body, header["content-encoding"])
		}
		return a, err
	}
	return answer{}, errors.New("too many interim responses")
}

// expand undoes a compression that was not asked for.
func expand(body []byte, codings []string) ([]byte, error) {
	for _, coding := range codings {
		switch coding = strings.ToLower(coding); {
		case coding == "" || coding == "identity" || len(body) == 0:
		case len(codings) == 1 && (coding == "gzip" || coding == "x-gzip"):
			return gunzip(body)
		default:
			return nil, errors.New("the response is compressed although that was not asked for")
		}
	}
	return body, nil
}

// errUnclear: where the response ends could be read in more than one way, by
// us and by a proxy on the way.
var errUnclear = errors.New("the response has no clear length")

// fields are a response's header fields by lower-case name.
type fields map[string][]string

func (f fields) first(name string) string {
	if values := f[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (f fields) has(name, token string) bool {
	for _, value := range f[name] {
		for _, part := range strings.Split(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

func readHead(r *bufio.Reader) (status int, header fields, err error) {
	line, err := readLine(r)
	if err != nil {
		return 0, nil, err
	}
	version, rest, _ := strings.Cut(line, " ")
	digits, _, _ := strings.Cut(rest, " ")
	status, err = strconv.Atoi(digits)
	if err != nil || len(digits) != 3 || status < 100 || version != "HTTP/1.1" && version != "HTTP/1.0" {
		return 0, nil, errors.New("the server does not speak HTTP/1.1")
	}
	header = make(fields)
	if version == "HTTP/1.0" {
		header["connection"], header[oldVersion] = []string{"close"}, []string{""}
	}
	for size := len(line); ; {
		if line, err = readLine(r); err != nil {
			return 0, nil, err
		}
		if line == "" {
			return status, header, nil
		}
		if size += len(line); size > maxHeader {
			return 0, nil, fmt.Errorf("%w: the header is longer than %d bytes", ErrTooLarge, maxHeader)
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) || strings.ContainsAny(value, "\r\x00") {
			return 0, nil, errors.New("the response has a malformed header")
		}
		name = strings.ToLower(name)
		header[name] = append(header[name], strings.Trim(value, " \t"))
	}
}

// oldVersion marks a response of HTTP/1.0, which knows no chunks. No field can
// have this name.
const oldVersion = ":1.0"

// isToken reports whether text can be the name of a field (RFC 9110 §5.6.2).
// What is nearly "Transfer-Encoding" must not count as another field.
func isToken(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return text != ""
}

// readBody fills in the body and reports whether the connection ended with it.
func (a *answer) readBody(r *bufio.Reader, header fields) (ends bool, err error) {
	codings, lengths := header["transfer-encoding"], header["content-length"]
	switch {
	case len(codings) > 0:
		// Exactly one, chunked, and nothing that contradicts it (RFC 9112 §6).
		if len(codings) > 1 || !strings.EqualFold(codings[0], "chunked") || len(lengths) > 0 || header[oldVersion] != nil || a.Status == 204 || a.Status == 304 {
			return true, errUnclear
		}
		a.Body, err = readChunks(r)
		return false, err
	case len(lengths) > 0:
		length, err := strconv.ParseUint(lengths[0], 10, 63)
		if err != nil || len(lengths) > 1 {
			return true, errUnclear
		}
		if a.Status == 204 || a.Status == 304 {
			return length > 0, nil
		}
		if length > MaxBody {
			return true, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, length, MaxBody)
		}
		a.Body = make([]byte, length)
		_, err = io.ReadFull(r, a.Body)
		return false, err
	case a.Status == 204 || a.Status == 304:
		return false, nil
	default:
		a.Body, err = io.ReadAll(io.LimitReader(r, MaxBody+1))
		if err == nil && len(a.Body) > MaxBody {
			err = fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, MaxBody)
		}
		return true, err
	}
}

func readChunks(r *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(strings.TrimRight(digits, " \t"), 16, 31)
		if err != nil {
			return nil, errors.New("the response has a malformed chunk")
		}
		if size == 0 {
			for range 100 {
				if line, err = readLine(r); err != nil || line == "" {
					return body, err
				}
			}
			return nil, errors.New("the response has too many trailer fields")
		}
		if uint64(len(body))+size > MaxBody {
			return nil, fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, MaxBody)
		}
		start := len(body)
		body = append(body, make([]byte, size)...)
		if _, err := io.ReadFull(r, body[start:]); err != nil {
			return nil, err
		}
		if line, err = readLine(r); err != nil || line != "" {
			return nil, errors.New("the response has a malformed chunk")
		}
	}
}

// readLine reads a line of the header or of the chunk framing without its
// end; one longer than maxLine is an error.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
}
