// SPDX-License-Identifier: Apache-2.0

package cgi

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// MaxForm is the longest form accepted, in bytes.
const MaxForm = 32 << 10

// formTime bounds the wait for a form: the web server starts the program when
// the header is there, and runs few programs at a time.
const formTime = 5 * time.Second

// Form is the body of a POST request, parsed.
type Form struct{ values []pair }

// Value is Param for the form's fields.
func (f Form) Value(name string) (string, bool) { return single(f.values, name) }

// ReadForm reads the body of a request.
func (r Request) ReadForm(body io.Reader) (Form, error) {
	kind, _, _ := strings.Cut(r.contentType, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		return Form{}, errors.New("the body is not a form (Content-Type application/x-www-form-urlencoded)")
	}
	limit := MaxForm
	if r.contentLength != "" {
		n, err := strconv.Atoi(r.contentLength)
		if err != nil || n < 0 || n > MaxForm {
			return Form{}, tooLong()
		}
		limit = n
	}
	type result struct {
		text []byte
		err  error
	}
	// A read cannot be given up. It ends with the process, which ends soon.
	read := make(chan result, 1)
	go func() {
		text, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
		if r.contentLength != "" && len(text) > limit {
			text = text[:limit] // What follows is not of this request.
		}
		read <- result{text, err}
	}()
	select {
	case got := <-read:
		switch {
		case got.err != nil || r.contentLength != "" && len(got.text) < limit:
			return Form{}, errors.New("the body ended early")
		case len(got.text) > MaxForm:
			return Form{}, tooLong()
		case strings.Count(string(got.text), "&") >= MaxParams:
			return Form{}, errors.New("the form has more than " + strconv.Itoa(MaxParams) + " fields")
		}
		return Form{parseQuery(string(got.text))}, nil
	case <-time.After(formTime):
		return Form{}, errors.New("the body did not come within " + formTime.String())
	}
}

func tooLong() error {
	return errors.New("the body has more than " + strconv.Itoa(MaxForm) + " bytes, or a length that is no number")
}
