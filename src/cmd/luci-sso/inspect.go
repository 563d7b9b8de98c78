// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/bridge"
	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/events"
	"luci-sso/internal/paths"
	"luci-sso/internal/session"
)

// ask runs a method of the bridge: the shell gets what the page gets, and its
// arguments pass the same checks.
func ask(method string, args map[string]any) (any, error) {
	input, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return bridge.Call(ctx, method, input)
}

func runDoctor(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("doctor", reason)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	test := bridge.TestConnection(ctx, nil, "")
	if test.Busy {
		test.Checks = []*doctor.Check{{ID: "test", Status: doctor.Skip, Message: "Another connection test is under way."}}
	}
	groups := []struct {
		title  string
		checks []*doctor.Check
	}{{"This router", append(doctor.Router(), doctor.System(ctx)...)}, {"The provider", test.Checks}}
	var all []*doctor.Check
	for i := range groups {
		doctor.WithCommands(groups[i].checks)
		all = append(all, groups[i].checks...)
	}
	worst := doctor.Worst(all)
	if asJSON {
		printJSON(map[string]any{"status": worst, "checks": all})
	} else {
		marks := map[string]string{doctor.Pass: "\x1b[32m", doctor.Warn: "\x1b[33m", doctor.Fail: "\x1b[31m", doctor.Skip: "\x1b[2m"}
		plain := "\x1b[0m"
		if !colour() {
			marks, plain = map[string]string{}, ""
		}
		for _, group := range groups {
			print(os.Stdout, group.title+"\n")
			for i := range group.checks {
				c := group.checks[i]
				text := "  " + marks[c.Status] + pad(c.Status, 5) + plain + pad(c.ID, 14) + clean(c.Text()) + "\n"
				for _, hint := range []string{c.Remedy, c.Command} {
					if hint != "" {
						text += strings.Repeat(" ", 21) + "→ " + clean(hint) + "\n"
					}
				}
				print(os.Stdout, text)
			}
			print(os.Stdout, "\n")
		}
		print(os.Stdout, map[string]string{
			doctor.Pass: "Logging in should work.", doctor.Warn: "Nothing was found that prevents logging in; please read the warnings.", doctor.Fail: "Logging in will not work yet.",
		}[worst]+"\n")
	}
	return map[string]int{doctor.Pass: 0, doctor.Warn: 1, doctor.Fail: 2}[worst]
}

func runStatus(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("status", reason)
	}
	reply, err := ask("status", nil)
	if err != nil {
		return fail(err)
	}
	if asJSON {
		printJSON(reply)
		return exitOK
	}
	s, _ := reply.(bridge.StatusReply)
	state := "off"
	switch {
	case s.Ready:
		state = "on"
	case s.Enabled:
		state = "enabled, but its settings are not complete"
	}
	print(os.Stdout, "single sign-on is "+state+"\nprovider    "+clean(s.Issuer)+"\nsessions    "+strconv.Itoa(s.Sessions)+
		"\nlast login  "+at(s.LastLogin)+"\nlast error  "+at(s.LastError)+"\n")
	for i := range s.Checks {
		if c := s.Checks[i]; c.Status == doctor.Warn || c.Status == doctor.Fail {
			print(os.Stdout, pad(c.Status, 12)+clean(c.Text())+"\n")
		}
	}
	return exitOK
}

func at(unix int64) string {
	if unix == 0 {
		return "never"
	}
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05Z")
}

func runRoles(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("roles", reason)
	}
	roles, err := config.Roles(paths.Config())
	if err != nil {
		return fail(err)
	}
	drift, err := session.Drift(paths.RPCDConfig(), session.RolesOf(roles))
	if err != nil {
		return fail(err)
	}
	differences := []string{}
	for _, d := range drift {
		differences = append(differences, d.String())
	}
	list := bridge.Roles()
	if asJSON {
		printJSON(map[string]any{"roles": list, "differences": differences})
	} else {
		for _, r := range list {
			print(os.Stdout, clean(r.Name)+"\n")
			for i, entries := range [][]string{r.Emails, r.Groups, r.Subs, r.Read, r.Write} {
				if len(entries) > 0 {
					print(os.Stdout, "  "+pad([]string{"e-mail", "group", "subject", "may read", "may write"}[i], 10)+clean(strings.Join(entries, ", "))+"\n")
				}
			}
			print(os.Stdout, "  "+pad("in rpcd", 10)+"login "+session.SectionName(r.Name)+"\n")
		}
		for _, d := range differences {
			print(os.Stdout, "rpcd differs: "+clean(d)+"; run: luci-sso sync && /etc/init.d/rpcd reload\n")
		}
	}
	if len(differences) > 0 {
		return exitFail
	}
	return exitOK
}

func runMatch(args []string) int {
	values, asJSON, reason := options(args, "email", "group", "sub")
	if reason == "" && len(values) == 0 {
		reason = "say who: --email, --group or --sub"
	}
	if len(values["email"]) > 1 || len(values["sub"]) > 1 {
		reason = "one person at a time"
	}
	if reason != "" {
		return misuse("match", reason)
	}
	arguments := map[string]any{"groups": values["group"]}
	for _, name := range []string{"email", "sub"} {
		if len(values[name]) == 1 {
			arguments[name] = values[name][0]
		}
	}
	reply, err := ask("match", arguments)
	if err != nil {
		return misuse("match", err.Error())
	}
	m, _ := reply.(bridge.MatchReply)
	switch {
	case asJSON:
		printJSON(m)
	case m.Role == "":
		print(os.Stdout, "no role fits\n")
	default:
		print(os.Stdout, "role "+clean(m.Role)+", by "+m.By+" "+quoted(m.Value)+"\nmay read   "+strings.Join(m.Read, ", ")+"\nmay write  "+strings.Join(m.Write, ", ")+"\n")
		if !m.Granted {
			print(os.Stdout, "the role grants nothing, so the login is refused\n")
		}
	}
	if !m.Granted {
		return exitFail
	}
	return exitOK
}

func runSessions(args []string) int {
	values, asJSON, reason := options(args, "end")
	if len(values["end"]) > 1 {
		reason = "one session at a time"
	}
	if reason != "" {
		return misuse("sessions", reason)
	}
	if id := values["end"]; id != nil {
		reply, err := ask("end_session", map[string]any{"id": id[0]})
		if err != nil {
			return misuse("sessions", err.Error())
		}
		if asJSON {
			printJSON(reply)
		}
		if !bridge.Ended(reply) {
			return fail(os.ErrNotExist)
		}
		return exitOK
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	sessions, err := bridge.Sessions(ctx, "")
	if err != nil {
		return fail(err)
	}
	if asJSON {
		printJSON(map[string]any{"sessions": sessions})
		return exitOK
	}
	for _, s := range sessions {
		print(os.Stdout, s.ID+"  "+at(s.Login)+"  "+pad(clean(s.Role), 12)+clean(s.Name)+"\n")
	}
	return exitOK
}

func runEvents(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("events", reason)
	}
	list := events.List(paths.Events())
	if asJSON {
		printJSON(map[string]any{"events": list})
		return exitOK
	}
	for i := range list {
		e := &list[i]
		print(os.Stdout, at(e.Time)+"  "+pad(e.Kind, 7)+strings.Join(e.Codes, " ")+" "+e.Role+" "+e.Name+" "+e.Client+" "+e.Detail+"\n")
	}
	return exitOK
}
