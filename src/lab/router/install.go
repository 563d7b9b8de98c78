// SPDX-License-Identifier: Apache-2.0

package router

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// bundlePath is the router's certificate store.
const bundlePath = "/etc/ssl/certs/ca-certificates.crt"

// install puts our program, the configuration, the certificate store and the
// browser's files where they are on a router.
func (r *Router) install() error {
	if err := r.InstallProgram(r.options.Program); err != nil {
		return err
	}
	bundle := r.options.Trust
	if r.Real {
		if err := r.installReal(); err != nil {
			return err
		}
		system, err := os.ReadFile(r.At(bundlePath))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		bundle = append(system, bundle...)
	}
	if err := os.WriteFile(r.At(bundlePath), bundle, 0o644); err != nil {
		return err
	}
	if err := r.WriteConfig(r.options.Config); err != nil {
		return err
	}
	if len(r.options.Resources) == 0 {
		return nil
	}
	if err := r.installResources(); err != nil || r.Real || r.options.App == "" {
		return err
	}
	return r.installApp()
}

// installApp gives the stand-ins the settings page: its menu entry, its rights
// and the rpcd plugin, which is our program under another name.
func (r *Router) installApp() error {
	if err := copyTree(r.options.App, r.Root); err != nil {
		return err
	}
	plugins := r.At("/usr/libexec/rpcd")
	return errors.Join(os.MkdirAll(plugins, 0o755), os.Symlink("../../../www/cgi-bin/luci-sso", filepath.Join(plugins, "luci-sso")))
}

// InstallProgram replaces the CGI program.
func (r *Router) InstallProgram(program []byte) error { return WriteProgram(r.CGI(), program) }

// WriteProgram writes an executable file. A child that another goroutine is
// about to start must not inherit it while it is open for writing: executing
// it would fail (exec(2), ETXTBSY).
func WriteProgram(path string, program []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	_ = os.Remove(path)
	return os.WriteFile(path, program, 0o755) // #nosec G306 -- a program
}

// WriteConfig replaces /etc/config/luci-sso.
func (r *Router) WriteConfig(text string) error {
	path := r.At("/etc/config/luci-sso")
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// installResources links our files, so that a developer's change shows with
// the next reload; a real router gets copies, because it cannot see outside
// its root.
func (r *Router) installResources() error {
	put := os.Symlink
	if r.Real {
		put = func(from, to string) error { return copyFile(from, to, 0o644) }
	}
	for _, dir := range r.options.Resources {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			to := filepath.Join(r.At("/www/luci-static/resources"), relative)
			if entry.IsDir() {
				return os.MkdirAll(to, 0o755)
			}
			return put(path, to)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies files, directories and symbolic links with their modes.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, info.Mode().Perm()|0o700)
		case info.Mode()&fs.ModeCharDevice != 0:
			// /dev/null and its like; only root can make them.
			if stat, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
				return errors.Join(syscall.Mknod(target, stat.Mode, int(stat.Rdev)), os.Chmod(target, info.Mode().Perm()))
			}
			return nil
		case info.Mode()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			_ = os.Remove(target)
			return os.Symlink(link, target)
		case info.Mode().IsRegular():
			return copyFile(path, target, info.Mode().Perm())
		}
		return nil // Sockets and pipes are made by whoever needs them.
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	_ = os.Remove(to)
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
