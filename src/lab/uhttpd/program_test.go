// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"io"
	"os"
	"testing"
	"time"
)

// TestLastWords: a reader that comes too late still gets what was said.
func TestLastWords(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	if _, err := w.WriteString("said"); err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 4)
	if _, err := io.ReadFull(&lastWords{r}, heard); err != nil || string(heard) != "said" {
		t.Errorf("heard %q, %v: the program's answer is lost on a busy machine", heard, err)
	}
	if n, err := (&lastWords{r}).Read(heard); err == nil {
		t.Errorf("a silent pipe that somebody holds open gave %d bytes, expected an end", n)
	}
}
