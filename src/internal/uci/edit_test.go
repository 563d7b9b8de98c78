// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"luci-sso/internal/store"
)

// The tests start this program again to have processes that can be killed.
const (
	helperMode = "UCI_TEST_HELPER"
	helperFile = "UCI_TEST_FILE"
	helperName = "UCI_TEST_NAME"
)

func TestMain(m *testing.M) {
	path, name := os.Getenv(helperFile), os.Getenv(helperName)
	switch os.Getenv(helperMode) {
	case "once":
		_, err := Edit(path, func(d *Document) error { d.Set(login(name, "*")); return nil })
		exit(err)
	case "forever":
		for i := 0; ; i++ {
			_, err := Edit(path, func(d *Document) error {
				if i%2 == 1 {
					d.Remove(name)
					return nil
				}
				d.Set(login(name, strings.Repeat("x", 5000)))
				return nil
			})
			if err != nil {
				exit(err)
			}
		}
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func helper(mode, path, name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperMode+"="+mode, helperFile+"="+path, helperName+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

const someRPCD = "# mine\nconfig login\n\toption username 'root'\n\toption password '$p$root'\n\tlist read '*'\n"

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rpcd")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func readConfig(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// leftovers are the files beside path.
func leftovers(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != filepath.Base(path) {
			names = append(names, entry.Name())
		}
	}
	return names
}

func setN(d *Document) error { d.Set(login("n", "*")); return nil }

func TestEditKeepsModeOwnerAndLink(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, someRPCD)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	owner := os.Getuid()
	if owner == 0 {
		owner = 1234
		if err := os.Chown(path, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "rpcd")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	changed, err := Edit(link, setN)
	if err != nil || !changed {
		t.Fatalf("Edit returned %v, %v", changed, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced by a file; what it points to must be")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the mode became %v, want -rw-r-----", info.Mode())
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != owner {
		t.Errorf("the owner became %d, want %d", stat.Uid, owner)
	}
	if !strings.HasPrefix(readConfig(t, path), someRPCD) {
		t.Errorf("other parts of the file changed:\n%s", readConfig(t, path))
	}
	if names := leftovers(t, path); names != nil {
		t.Errorf("Edit left %q behind", names)
	}
}

func TestEditWithoutAChangeDoesNotWrite(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, someRPCD)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := Edit(path, func(d *Document) error { d.Remove("n"); return nil })
	if err != nil || changed {
		t.Errorf("Edit returned %v, %v; want false, nil", changed, err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("the file was written although nothing changed")
	}
}

func TestEditFailures(t *testing.T) {
	t.Parallel()
	broken := writeConfig(t, "config login n\n\toption a 'b\n")
	var syntax *SyntaxError
	if _, err := Edit(broken, setN); !errors.As(err, &syntax) || syntax.Path != broken || syntax.Line != 2 {
		t.Errorf("a broken file gave %v, want a syntax error with its path and line 2", err)
	}
	if got := readConfig(t, broken); got != "config login n\n\toption a 'b\n" {
		t.Errorf("the broken file was written: %q", got)
	}
	absent := filepath.Join(t.TempDir(), "absent")
	if _, err := Edit(absent, setN); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gave %v", err)
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("Edit created a file; another package's configuration must not be")
	}
	if _, err := Edit(t.TempDir(), setN); err == nil {
		t.Error("a directory was edited")
	}
	mine := errors.New("mine")
	if _, err := Edit(writeConfig(t, ""), func(*Document) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("the function's error came back as %v", err)
	}
}

func TestEditWaitsForTheLock(t *testing.T) {
	t.Parallel()
	// The old file needs no change, the new one does.
	path := writeConfig(t, someRPCD+"\nconfig login 'n'\n\toption username 'sso:n'\n\tlist read '*'\n")
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	// As libuci does: replace the file, having let go of the lock.
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(100 * time.Millisecond)
		temp := path + ".other"
		_ = os.WriteFile(temp, []byte(someRPCD+"\nconfig t theirs\n"), 0o600)
		_ = os.Rename(temp, path)
		_ = syscall.Flock(int(other.Fd()), syscall.LOCK_UN)
	}()
	_, err = Edit(path, setN)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if got := readConfig(t, path); !strings.Contains(got, "theirs") || !strings.Contains(got, "sso:n") {
		t.Errorf("a change was lost; Edit must look at the file again after the lock:\n%s", got)
	}
}

func TestEditGivesUpOnALockThatStays(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, someRPCD)
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	if _, err := Edit(path, setN); !errors.Is(err, ErrLocked) {
		t.Errorf("Edit returned %v, want ErrLocked", err)
	}
}

// TestEditSeesALateReplacement is libuci's window between its unlock and its
// rename: the file is replaced while Edit has the lock on the old one.
func TestEditSeesALateReplacement(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, someRPCD)
	calls := 0
	_, err := Edit(path, func(d *Document) error {
		if calls++; calls == 1 {
			temp := path + ".other"
			if err := os.WriteFile(temp, []byte(someRPCD+"\nconfig t theirs\n"), 0o600); err != nil {
				return err
			}
			if err := os.Rename(temp, path); err != nil {
				return err
			}
		}
		return setN(d)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := readConfig(t, path); !strings.Contains(got, "theirs") || !strings.Contains(got, "sso:n") {
		t.Errorf("a change was lost:\n%s", got)
	}
	if names := leftovers(t, path); names != nil {
		t.Errorf("Edit left %q behind", names)
	}
}

func TestEditByTwentyProcesses(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, someRPCD)
	var commands []*exec.Cmd
	for i := range 20 {
		cmd := helper("once", path, fmt.Sprintf("n%d", i))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, cmd)
	}
	for i, cmd := range commands {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	pkg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		name := fmt.Sprintf("n%d", i)
		if s, ok := pkg.Lookup(name); !ok || !s.Equal(login(name, "*")) {
			t.Errorf("section %s is not there: a change was lost", name)
		}
	}
	if !strings.HasPrefix(readConfig(t, path), someRPCD) {
		t.Error("other parts of the file changed")
	}
	if names := leftovers(t, path); names != nil {
		t.Errorf("%q were left behind", names)
	}
}

func TestEditKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, someRPCD)
	old := filepath.Join(filepath.Dir(path), ".rpcd.luci-sso-old")
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		var commands []*exec.Cmd
		for _, name := range []string{"a", "b"} {
			cmd := helper("forever", path, name)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			commands = append(commands, cmd)
		}
		// From the first change on they are at it all the time.
		for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
			if now, err := os.Stat(path); err == nil && !os.SameFile(before, now) {
				break
			}
		}
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		for _, cmd := range commands {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		if text := readConfig(t, path); !strings.HasPrefix(text, someRPCD) {
			t.Fatalf("a killed process left half a file:\n%s", text)
		}
		if _, err := Load(path); err != nil {
			t.Fatalf("a killed process left a broken file: %v", err)
		}
	}
	// What they left behind goes when it is old.
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range leftovers(t, path) {
		past := time.Now().Add(-2 * store.TempAge)
		if err := os.Chtimes(filepath.Join(filepath.Dir(path), name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Edit(path, func(d *Document) error { d.Set(login("n", "last")); return nil }); err != nil {
		t.Fatalf("after the killed processes the file cannot be edited: %v", err)
	}
	if names := leftovers(t, path); slices.Contains(names, filepath.Base(old)) || names != nil {
		t.Errorf("old temporary files are still there: %q", names)
	}
}
