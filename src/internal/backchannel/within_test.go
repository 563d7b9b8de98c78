// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The limit is one of the time in requests: not of what the router does
// between them, and of all of them together.
func TestWithin(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		}
	}))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	client := New(Trust{CAFile: ca}, "", "test")
	t.Cleanup(client.Close)
	client.Within(time.Second)
	get := func(path string) error {
		_, err := client.Do(context.Background(), Request{URL: server.URL + path})
		return err
	}
	if err := get("/"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if err := get("/"); err != nil {
		t.Fatalf("after a pause longer than the limit: %v", err)
	}
	began := time.Now()
	if err := get("/slow"); !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), noAnswer) {
		t.Fatalf("a request without an answer gives %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := get("/"); !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), noAnswer) {
		t.Errorf("with all the time spent a request gives %v", err)
	}
}
