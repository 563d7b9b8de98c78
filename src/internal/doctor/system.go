// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"encoding/binary"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/paths"
	"luci-sso/internal/session"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// System checks what else on this router a login relies on. Its rows are for
// the shell and in English.
func System(ctx context.Context) []*Check {
	checks := []*Check{privileges(), rpcd(ctx), accessGroups(), root(), bundle(), ntp(ctx)}
	checks = append(checks, permissions()...)
	checks = append(checks, space("tmpfs", paths.RunDir()), space("flash", paths.Config()), uhttpd(), cookies(), idle())
	if config.Timed(paths.Config()) {
		checks = append(checks, minutely())
	}
	return checks
}

// minutely looks for what ends sessions in time. Without it nothing does.
func minutely() *Check {
	const name = "cron"
	crontab, _ := store.ReadFile(paths.Crontab(), 64<<10)
	if !strings.Contains(string(crontab), "luci-sso sessions --due") {
		return row(name, Fail, "The options revalidate and session_lifetime do nothing: %s lacks their line.", paths.Crontab()).paste("/etc/init.d/luci-sso reload")
	}
	if _, err := os.Lstat(paths.CronEnabled()); err != nil {
		return row(name, Fail, "The options revalidate and session_lifetime do nothing: cron is not enabled.").paste("/etc/init.d/cron enable; /etc/init.d/cron start")
	}
	return row(name, Pass, "Cron looks after the sessions each minute.")
}

// idle looks at LuCI's session time, which an older rpcd may refuse.
func idle() *Check {
	const name = "session_time"
	configured := session.ConfiguredIdle(paths.LuCIConfig())
	seconds := strconv.Itoa(int(configured / time.Second))
	if longest := strconv.Itoa(int(session.LongestIdle / time.Second)); configured > session.LongestIdle {
		return row(name, Warn, "LuCI's session time is %s seconds. An rpcd from before April 2026 refuses more than %s, so that no password login works; logins through SSO use that.", seconds, longest).
			paste("uci set luci.sauth.sessiontime=" + longest + "; uci commit luci")
	}
	return row(name, Pass, "A session ends after %s seconds without use.", seconds)
}

func rpcd(ctx context.Context) *Check {
	manager := session.OnRouter()
	defer manager.Close()
	if _, _, err := manager.List(ctx); err != nil {
		return row("rpcd", Fail, syslog.Printable(err.Error(), 200)).paste("/etc/init.d/rpcd restart")
	}
	return row("rpcd", Pass, "rpcd answers.")
}

func accessGroups() *Check {
	roles, err := config.Roles(paths.Config())
	if err != nil {
		return row("access_groups", Skip, "There are no roles to look at.")
	}
	groups, err := acl.ReadGroups(paths.AccessGroups())
	if len(groups) == 0 {
		return row("access_groups", Fail, "There are no access groups in %s.", paths.AccessGroups()).paste("opkg install luci-base || apk add luci-base")
	}
	var unknown []string
	for _, r := range roles {
		for _, name := range acl.Unmatched(groups, r.Read, r.Write) {
			unknown = append(unknown, r.Name+": "+syslog.Printable(name, 60))
		}
	}
	switch {
	case unknown != nil:
		return row("access_groups", Warn, "Roles name access groups that are not installed here: %s", list(unknown)).paste("luci-sso roles")
	case err != nil:
		return row("access_groups", Warn, "A file of access groups cannot be read: %s", syslog.Printable(err.Error(), 200))
	}
	return row("access_groups", Pass, "All access groups of the roles are installed.")
}

func bundle() *Check {
	if pem, err := os.ReadFile(paths.CertBundle()); err != nil || !strings.Contains(string(pem), "BEGIN CERTIFICATE") {
		return row("ca_bundle", Warn, "There are no CA certificates in %s.", paths.CertBundle()).paste("opkg install ca-bundle || apk add ca-bundle")
	}
	return row("ca_bundle", Pass, "The CA certificates are installed.")
}

// ntp compares the clock with the first time server that answers (RFC 4330).
func ntp(ctx context.Context) *Check {
	const fix = "/etc/init.d/sysntpd restart; date"
	if time.Now().Year() < 2025 {
		return row("ntp", Fail, "The router's clock is not set: it says %s.", date(time.Now())).paste(fix)
	}
	pkg, err := uci.Load(paths.SystemConfig())
	if err != nil {
		return row("ntp", Skip, "The time servers are not known.")
	}
	section, ok := pkg.Lookup("ntp")
	if !ok {
		return row("ntp", Skip, "No time server is configured.")
	}
	servers := section.List("server")
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, server := range servers[:min(len(servers), 3)] {
		off, err := sntp(ctx, server)
		if err != nil {
			continue
		}
		seconds := strconv.Itoa(int(off.Abs() / time.Second))
		if off.Abs() > 5*time.Second {
			return row("ntp", Warn, "The router's clock is off by %s seconds.", seconds).paste(fix)
		}
		return row("ntp", Pass, "The router's clock is right to %s seconds.", seconds)
	}
	return row("ntp", Skip, "No time server answers.")
}

func sntp(ctx context.Context, server string) (time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(server, "123"))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	packet := make([]byte, 48)
	packet[0] = 0x23 // Version 4, client.
	if _, err := conn.Write(packet); err != nil {
		return 0, err
	}
	if n, err := conn.Read(packet); err != nil || n < 48 || packet[0]&7 != 4 || packet[1] == 0 {
		return 0, syscall.EBADMSG
	}
	// Seconds since 1900, the difference modulo 2^32.
	now := uint32(time.Now().Unix() + 2208988800) // #nosec G115 -- the wrap is the point
	return time.Duration(int32(now-binary.BigEndian.Uint32(packet[40:]))) * time.Second, nil
}

// permissions looks at who can read the secrets.
func permissions() (checks []*Check) {
	for _, path := range []string{paths.Config(), paths.SecretKey(), paths.RunDir()} {
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			checks = append(checks, row("permissions", Warn, "Others than root may read %s.", path).paste("chmod go= "+path))
		}
	}
	if checks == nil {
		checks = append(checks, row("permissions", Pass, "Only root can read the secrets."))
	}
	return checks
}

// space wants room for 100 pending logins, a day's tokens and the caches.
func space(id, path string) *Check {
	var stat syscall.Statfs_t
	dir := path
	for syscall.Statfs(dir, &stat) != nil {
		i := strings.LastIndexByte(dir, '/')
		if i <= 0 {
			return row(id, Skip, "The free space could not be read.")
		}
		dir = dir[:i]
	}
	free := strconv.FormatUint(uint64(stat.Bavail)*uint64(stat.Bsize)>>10, 10) // #nosec G115 -- sizes
	if uint64(stat.Bavail)*uint64(stat.Bsize) < 512<<10 {                      // #nosec G115 -- sizes
		return row(id, Warn, "Only %s KB are free at %s.", free, dir).paste("df " + dir)
	}
	return row(id, Pass, "%s KB are free at %s.", free, dir)
}

// uhttpd runs at most max_requests scripts and ends one after script_timeout.
func uhttpd() *Check {
	pkg, err := uci.Load(paths.UhttpdConfig())
	if err != nil {
		return row("uhttpd", Skip, "The configuration of uhttpd could not be read.")
	}
	for i := range pkg.Sections {
		s := &pkg.Sections[i]
		if s.Type != "uhttpd" {
			continue
		}
		for option, least := range map[string]int{"max_requests": 2, "script_timeout": 20} {
			value, ok := s.Get(option)
			if n, err := strconv.Atoi(value); ok && (err != nil || n < least) {
				return row("uhttpd", Warn, "uhttpd's option %s is too small for logins.", option).
					paste("uci delete uhttpd." + s.Name + "." + option + "; uci commit uhttpd; /etc/init.d/uhttpd restart")
			}
		}
	}
	return row("uhttpd", Pass, "uhttpd's limits leave room for logins.")
}

// cookies looks at what browsers want before they keep ours: https, which
// another check covers, and one name for the router.
func cookies() *Check {
	pkg, err := uci.Load(paths.Config())
	if err != nil {
		return row("cookies", Skip, "The configuration could not be read.")
	}
	section, _ := pkg.Lookup(config.Section)
	if section == nil {
		return row("cookies", Skip, "The configuration could not be read.")
	}
	value, set := section.Get("redirect_uri")
	if !set {
		return row("cookies", Pass, "The callback follows the address in the browser, so its cookies do.")
	}
	parsed, err := url.Parse(value)
	if err != nil || parsed.Path != "/cgi-bin/luci-sso/callback" {
		return row("cookies", Fail, "The Redirect URI does not lead to this program, so that no cookie of a login would come back.").
			paste("uci delete luci-sso.default.redirect_uri; uci commit luci-sso")
	}
	return row("cookies", Pass, "A login that starts under another name of the router goes to https://%s/ first.", parsed.Host)
}
