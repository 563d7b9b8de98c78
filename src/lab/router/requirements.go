// SPDX-License-Identifier: Apache-2.0

package router

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// requirement is a part that the root file system of a real router has to
// have, and what goes wrong without it.
type requirement struct {
	path    string
	kind    fs.FileMode // Besides being there: what else it has to be, 0 for anything.
	without string
}

// executable stands for a program, which has no type of its own.
const executable fs.FileMode = 0o111

// requirements are the parts, in the order in which they are missed.
// CONTRIBUTING has the same list for people.
var requirements = []requirement{
	{"/sbin/ubusd", executable, "there is no bus"},
	{"/sbin/rpcd", executable, "there are no sessions"},
	{"/usr/sbin/uhttpd", executable, "there is no web server"},
	{"/sbin/uci", executable, "LuCI's scripts cannot read the configuration"},
	{"/dev/null", fs.ModeCharDevice, "programs do not start"},
	{"/dev/urandom", fs.ModeCharDevice, "rpcd and LuCI get no random numbers"},
	{"/etc/passwd", 0, "nobody can log in"},
	{"/etc/shadow", 0, "root has no password"},
	{"/etc/config/rpcd", 0, "rpcd lets nobody log in"},
	{"/etc/config/luci", 0, "LuCI shows no page"},
	{"/usr/lib/rpcd/file.so", 0, "rpcd has not the objects that LuCI asks for"},
	{"/usr/lib/rpcd/ucode.so", 0, "rpcd has not the objects that LuCI asks for"},
	{"/usr/share/rpcd/acl.d/unauthenticated.json", 0, "LuCI says \"Session expired\" to everybody: the file is part of rpcd"},
	{"/usr/share/rpcd/acl.d/luci-base.json", 0, "LuCI's page may do nothing"},
	{"/usr/share/ucode/luci/template/sysauth.ut", 0, "there is no login page for the button"},
	{"/usr/share/ucode/luci/dispatcher.uc", 0, "there is no LuCI"},
	{"/www/cgi-bin/luci", executable, "LuCI does not answer"},
	{"/www/luci-static/resources/form.js", 0, "LuCI's pages stay empty"},
}

// lacking says which parts a root file system does not have; nil if it has
// them all. Links are followed as from inside.
func lacking(root string) error {
	var errs []error
	for _, r := range requirements {
		info, err := stat(root, r.path)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s is missing: without it %s", r.path, r.without))
		case r.kind == executable && (!info.Mode().IsRegular() || info.Mode()&executable == 0):
			errs = append(errs, fmt.Errorf("%s is no program: without it %s", r.path, r.without))
		case r.kind == fs.ModeCharDevice && info.Mode()&fs.ModeCharDevice == 0:
			errs = append(errs, fmt.Errorf("%s is no device (mknod): without it %s", r.path, r.without))
		}
	}
	if errs == nil {
		return nil
	}
	return fmt.Errorf("%s is not the root file system of a router:\n%w", root, errors.Join(errs...))
}

// stat looks at a path of the root, an absolute link seen from inside.
func stat(root, path string) (fs.FileInfo, error) {
	for range 10 {
		info, err := os.Lstat(filepath.Join(root, path))
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return info, err
		}
		target, err := os.Readlink(filepath.Join(root, path))
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(target, "/") {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return nil, fs.ErrNotExist
}
