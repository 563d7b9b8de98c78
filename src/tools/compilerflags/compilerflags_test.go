// SPDX-License-Identifier: Apache-2.0

package compilerflags

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"compiler-flags": "# why\n-a=b\n\n-c\n", "compiler-flags.arm": "# more\n-d=e\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for arch, want := range map[string][]string{"": {"-a=b", "-c"}, "mipsle": {"-a=b", "-c"}, "arm": {"-a=b", "-c", "-d=e"}} {
		if got, err := Read(dir, arch); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", arch, got, err, want)
		}
	}
	if _, err := Read(filepath.Join(dir, "none"), ""); err == nil {
		t.Error("a directory without the file has flags")
	}
	if got := Arch([]string{"GOARCH=mips", "GOARM=5", "GOARCH=arm"}); got != "arm" {
		t.Errorf("the last setting is %q", got)
	}
}
