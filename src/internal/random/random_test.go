// SPDX-License-Identifier: Apache-2.0

package random

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luci-sso/tests/randomtest"
)

// TestMain doubles as two helpers: "filter" breaks the random source and
// becomes "token", which prints what Token says.
func TestMain(m *testing.M) {
	switch os.Getenv("RANDOM_ROLE") {
	case "filter":
		errno, _ := strconv.Atoi(os.Getenv("RANDOM_ERRNO"))
		exe, _ := os.Executable()
		err := randomtest.Exec(syscall.Errno(errno), exe, []string{exe}, []string{"RANDOM_ROLE=token"})
		fmt.Println("skip", err)
		os.Exit(0)
	case "token":
		token, err := Token()
		fmt.Println(token, err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := 0; i < 1000; i++ {
		token, err := Token()
		if err != nil {
			t.Fatal(err)
		}
		if len(token) != TokenLen || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("Token() = %q, want %d characters of base64url", token, TokenLen)
		}
		if seen[token] {
			t.Fatalf("Token() returned %q twice", token)
		}
		seen[token] = true
	}
}

func TestBytesLength(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 24, 256, 4096} {
		b, err := Bytes(n)
		if err != nil || len(b) != n {
			t.Errorf("Bytes(%d) = %d bytes, %v", n, len(b), err)
		}
	}
}

func TestBrokenSourceIsAFaultAndNoCrash(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		errno syscall.Errno
		want  string
	}{
		{syscall.EIO, "CRYPTO_INIT_FAILED"},
		{syscall.EPERM, "CRYPTO_INIT_FAILED"},
		{syscall.ENOSYS, "<nil>"}, // The device serves.
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{"RANDOM_ROLE=filter", "RANDOM_ERRNO=" + strconv.Itoa(int(test.errno))}
		out, err := cmd.CombinedOutput()
		if strings.HasPrefix(string(out), "skip") {
			t.Skip("no seccomp here:", string(out))
		}
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("getrandom fails with %v: %q, %v; want %s", test.errno, out, err, test.want)
		}
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	b := make([]byte, 32)
	if err := fromDevice("/dev/urandom", b); err != nil || stuck(b) {
		t.Errorf("/dev/urandom: %v, %x", err, b)
	}
	// What a root with /dev/urandom linked to /dev/zero gives: CRYPTO_ERROR.
	if err := fromDevice("/dev/zero", b); err != nil || !stuck(b) {
		t.Errorf("/dev/zero: %v, %x; want it read and found out", err, b)
	}
	plain := filepath.Join(t.TempDir(), "urandom")
	if err := os.WriteFile(plain, make([]byte, 64), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{plain, plain + "-missing", "/dev/null", filepath.Dir(plain)} {
		if err := fromDevice(path, b); err == nil {
			t.Errorf("fromDevice(%s) is content; only a device with bytes may do", path)
		}
	}
}

func TestStuck(t *testing.T) {
	t.Parallel()
	if !stuck(make([]byte, 32)) || !stuck([]byte(strings.Repeat("x", 16))) {
		t.Error("a repeated byte went unnoticed")
	}
	if stuck(append(make([]byte, 31), 1)) || stuck([]byte{7}) || stuck(nil) {
		t.Error("a difference or too few bytes were taken for a stuck source")
	}
}
