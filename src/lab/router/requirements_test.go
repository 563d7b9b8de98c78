// SPDX-License-Identifier: Apache-2.0

package router

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLackingParts: a root that is none, or not a whole one, is refused with
// the names of what is missing, and CONTRIBUTING names each of them.
func TestLackingParts(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, r := range requirements {
		path := filepath.Join(root, r.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := lacking(root)
	if err == nil || !strings.Contains(err.Error(), "/dev/urandom is no device") || strings.Count(err.Error(), "without it") != 2 {
		t.Errorf("files in the place of devices: %v", err)
	}
	// Busybox and others are absolute links, which do not lead out of the root.
	link := filepath.Join(root, "/sbin/rpcd")
	_ = os.Remove(link)
	if err := os.Symlink("/usr/sbin/uhttpd", link); err != nil {
		t.Fatal(err)
	}
	if err := lacking(root); strings.Contains(err.Error(), "/sbin/rpcd") {
		t.Errorf("a link within the root: %v", err)
	}
	if err := os.Chmod(filepath.Join(root, "/sbin/ubusd"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := lacking(root); !strings.Contains(err.Error(), "/sbin/ubusd is no program") {
		t.Errorf("a program that cannot be executed: %v", err)
	}

	guide, err := os.ReadFile("../../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range requirements {
		path := filepath.Join(root, r.path)
		kept, err := os.ReadFile(path)
		_ = os.Remove(path)
		if got := lacking(root); got == nil || !strings.Contains(got.Error(), r.path+" is missing: without it "+r.without) {
			t.Errorf("without %s: %v", r.path, got)
		}
		if err == nil {
			_ = os.WriteFile(path, kept, 0o755)
		}
		if !strings.Contains(string(guide), "`"+r.path+"`") {
			t.Errorf("CONTRIBUTING does not name %s among what a root must hold", r.path)
		}
	}
}
