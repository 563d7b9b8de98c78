// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"errors"
	"strings"
	"testing"
)

func answerOf(text string) (answer, error) {
	return readAnswer(bufio.NewReaderSize(strings.NewReader(text), maxLine))
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	chunk := strings.Repeat("x", 4096)
	for name, c := range map[string]struct {
		text  string
		body  string
		close bool
		bad   string // Part of the error.
	}{
		"length":               {text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest", body: "{}"},
		"until the end":        {text: "HTTP/1.1 200\r\n\r\n{}", body: "{}", close: true},
		"HTTP/1.0":             {text: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", body: "{}", close: true},
		"close":                {text: "HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 2\r\n\r\n{}", body: "{}", close: true},
		"bare newlines":        {text: "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", body: "{}"},
		"chunks":               {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nTrailer: a\r\n\r\n", body: "{}"},
		"interim":              {text: "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", body: "{}"},
		"no content":           {text: "HTTP/1.1 204 No Content\r\n\r\n", body: ""},
		"switching":            {text: "HTTP/1.1 101 Switching Protocols\r\n\r\n", bad: "switched"},
		"endless interim":      {text: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 6), bad: "interim"},
		"not HTTP":             {text: "SSH-2.0-OpenSSH\r\n\r\n", bad: "HTTP/1.1"},
		"status not a number":  {text: "HTTP/1.1 2x0 OK\r\n\r\n", bad: "HTTP/1.1"},
		"empty":                {text: "", bad: "EOF"},
		"half a header":        {text: "HTTP/1.1 200 OK\r\nContent-Le", bad: "EOF"},
		"half a body":          {text: "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", bad: "EOF"},
		"half a chunk":         {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", bad: "EOF"},
		"chunk without end":    {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n", bad: "malformed chunk"},
		"chunk size no number": {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", bad: "malformed chunk"},
		"endless trailer":      {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("a: b\r\n", 101), bad: "trailer"},
		"too long":             {text: "HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n", bad: "response too large"},
		"too long chunks":      {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+chunk+"\r\n", 65), bad: "response too large"},
		"too long until end":   {text: "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat(chunk, 65), bad: "response too large"},
		"too long a header":    {text: "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+chunk+"\r\n", 17), bad: "response too large"},
		"too long a line":      {text: "HTTP/1.1 200 OK\r\nA: " + strings.Repeat(chunk, 5) + "\r\n\r\n", bad: "buffer full"},
		"two lengths":          {text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", bad: "no clear length"},
		"length and chunks":    {text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", bad: "no clear length"},
		"negative length":      {text: "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", bad: "no clear length"},
		"unknown coding":       {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{}", bad: "no clear length"},
		"two codings":          {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n", bad: "no clear length"},
		"chunked twice":        {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", bad: "no clear length"},
		"an empty coding":      {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", bad: "no clear length"},
		"only an empty coding": {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n{}", bad: "no clear length"},
		"identity":             {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", bad: "no clear length"},
		"coding with a blank":  {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", bad: "no clear length"},
		"nearly a coding":      {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding\v: chunked\r\nContent-Length: 2\r\n\r\n{}", bad: "malformed header"},
		"folded":               {text: "HTTP/1.1 200 OK\r\nA: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", bad: "malformed header"},
		"bare return":          {text: "HTTP/1.1 200 OK\r\nA: b\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", bad: "malformed header"},
		"NUL":                  {text: "HTTP/1.1 200 OK\r\nA: b\x00\r\nContent-Length: 2\r\n\r\n{}", bad: "malformed header"},
		"chunks in HTTP/1.0":   {text: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad: "no clear length"},
		"chunks of nothing":    {text: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", bad: "no clear length"},
		"interim with a body":  {text: "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", bad: "no clear length"},
		"length twice":         {text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", bad: "no clear length"},
		"lengths in one field": {text: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", bad: "no clear length"},
		"signed length":        {text: "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", bad: "no clear length"},
		"empty length":         {text: "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}", bad: "no clear length"},
		"hexadecimal prefix":   {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", bad: "malformed chunk"},
		"blank before a size":  {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\n{}\r\n0\r\n\r\n", bad: "malformed chunk"},
		"chunk with more":      {text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n", bad: "malformed chunk"},
		"compressed":           {text: "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", bad: "compressed"},
		"no gzip":              {text: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", bad: "compressed"},
		"twice compressed":     {text: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}", bad: "compressed"},
		"two compressions":     {text: "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", bad: "compressed"},
		"malformed header":     {text: "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", bad: "malformed header"},
		"space before colon":   {text: "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}", bad: "malformed header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answerOf(c.text)
			if c.bad != "" {
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Fatalf("error = %v, want one with %q", err, c.bad)
				}
				if strings.HasPrefix(c.bad, "response too large") && !errors.Is(err, ErrTooLarge) {
					t.Errorf("%v is not ErrTooLarge", err)
				}
				return
			}
			if err != nil || string(got.Body) != c.body || got.close != c.close {
				t.Errorf("body %q, close %t, error %v; want %q, %t", got.Body, got.close, err, c.body, c.close)
			}
		})
	}
}

// Basic is RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
func TestBasic(t *testing.T) {
	t.Parallel()
	if got, want := Basic("a:b", "p w%"), "Basic YSUzQWI6cCt3JTI1"; got != want {
		t.Errorf("Basic = %q, want %q", got, want)
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n")
	f.Add("HTTP/1.1 103 x\r\n\r\nHTTP/1.0 200 OK\r\n\r\nrest")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := answerOf(text); err == nil && len(got.Body) > MaxBody {
			t.Errorf("a body of %d bytes was accepted", len(got.Body))
		}
	})
}
