// SPDX-License-Identifier: Apache-2.0

package app

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
)

// tellNotRoot says in the log why the probe answers "disabled" and the button
// is gone, when the web server runs the program as somebody who may not read
// its configuration: at most once a minute, because a probe is not limited.
// err is that of reading the configuration.
func (r *request) tellNotRoot(err error) {
	if !errors.Is(err, fs.ErrPermission) || os.Geteuid() == 0 {
		return
	}
	// The program's own directory is as closed to it. A file that cannot be
	// made says nothing: the start of a login logs the same.
	stamp := paths.At("/tmp/.luci-sso-not-root-" + strconv.Itoa(os.Geteuid()))
	if info, err := os.Lstat(stamp); err == nil && store.Age(time.Now(), info.ModTime()).Abs() < time.Minute {
		return
	}
	if store.WriteFile(stamp, nil) != nil {
		return
	}
	if f, ok := fault.As(err); ok {
		r.log.Line(syslog.Warning, "single sign-on is off: "+f.Detail)
	}
}
