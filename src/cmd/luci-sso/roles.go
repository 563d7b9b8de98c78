// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/session"
)

func runRoles(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("roles", reason)
	}
	roles, err := config.Roles(paths.Config())
	if err != nil {
		return fail(err)
	}
	drift, err := session.Drift(paths.RPCDConfig(), roles)
	if err != nil {
		return fail(err)
	}
	differences := []string{}
	for _, d := range drift {
		differences = append(differences, d.String())
	}
	rights := methods.Rights(roles)
	people := doctor.People(roles)
	if asJSON {
		printJSON(map[string]any{"roles": methods.Roles(roles), "rights": rights, "people": people, "differences": differences})
	} else {
		for i := range roles {
			print(os.Stdout, clean(roles[i].Name)+"\n")
			printRole(&roles[i], rights[i])
		}
		if people.Status != doctor.Pass {
			print(os.Stdout, people.Text()+" "+people.Remedy+"\n")
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

// printRole says who has a role, what its lists come to here, and what follows.
func printRole(r *config.Role, have methods.RoleRights) {
	line := func(title, text string) { print(os.Stdout, "  "+pad(title, 11)+text+"\n") }
	for _, entry := range append(people(r), conditions(r)...) {
		line(entry[0], clean(entry[1]))
	}
	if len(people(r)) == 0 {
		line("nobody", "it lists nobody")
	}
	for i, entries := range [][]string{r.Read, r.Write} {
		if len(entries) > 0 {
			line([]string{"may read", "may write"}[i], clean(strings.Join(entries, ", ")))
		}
	}
	line("that is", strconv.Itoa(have.Read)+" of "+strconv.Itoa(have.Total)+" access groups to read, "+strconv.Itoa(have.Write)+" to change")
	for i := range have.Unmatched {
		line("no group", clean(have.Unmatched[i])+" fits none that is installed here")
	}
	for i := range have.Findings {
		f := &have.Findings[i]
		line(map[string]string{"secret": "reads", "root": "root", "unsaved": "not saved"}[string(f.Kind)], clean(f.Text()))
	}
	line("in rpcd", "login "+session.SectionName(r.Name))
}

// people are whom a role lists: what is compared, and with what.
func people(r *config.Role) (list [][2]string) {
	for i, entries := range [][]string{r.Emails, r.Groups, r.Subjects, r.Domains, r.List("claim")} {
		if len(entries) > 0 {
			list = append(list, [2]string{[]string{"e-mail", "group", "subject", "domain", "claim"}[i], strings.Join(entries, ", ")})
		}
	}
	return list
}

// conditions are what a role asks besides.
func conditions(r *config.Role) (list [][2]string) {
	if r.All {
		list = append(list, [2]string{"all of it", "each of these has to fit"})
	}
	for i, entries := range [][]string{r.ACR, r.AMR} {
		if len(entries) > 0 {
			list = append(list, [2]string{"signed in", []string{"acr is one of ", "amr has "}[i] + strings.Join(entries, ", ")})
		}
	}
	if age := r.List("max_age"); age != nil {
		list = append(list, [2]string{"signed in", "at most " + age[0] + " s ago"})
	}
	if fault := r.FaultOf(); fault != "" {
		list = append(list, [2]string{"FAULT", fault + "; until it is mended, the role gives nothing to anybody"})
	}
	return list
}

func runMatch(args []string) int {
	values, asJSON, reason := options(args, "email", "group", "sub", "claims", "provider")
	if reason == "" && len(values) == 0 || len(values) == 1 && values["provider"] != nil {
		reason = "say who: --email, --group, --sub or --claims"
	}
	if len(values["email"]) > 1 || len(values["sub"]) > 1 || len(values["claims"]) > 1 || len(values["provider"]) > 1 {
		reason = "one person at a time"
	}
	if reason != "" {
		return misuse("match", reason)
	}
	typed := func(name string) string { return strings.Join(values[name], "") }
	person := methods.Person{Email: typed("email"), Groups: values["group"], Sub: typed("sub")}
	if text := typed("claims"); text != "" {
		var err error
		if person.Claims, err = oidc.ReadClaims([]byte(text)); err != nil {
			return misuse("match", "--claims is not a usable JSON object")
		}
	}
	compared := config.Role{Emails: values["email"], Groups: values["group"], Subjects: values["sub"]}
	// The same address at two providers is two people.
	providers := values["provider"]
	if providers == nil {
		providers = enabled()
	}
	exit := exitFail
	each := map[string]any{}
	for _, provider := range providers {
		person.Provider = provider
		m := methods.Match(person, nil)
		if m.Granted && len(m.Lacks) == 0 {
			exit = exitOK
		}
		switch several := len(providers) > 1; {
		case several && asJSON:
			each[provider] = m
			if len(each) == len(providers) {
				printJSON(each)
			}
		case asJSON:
			printJSON(m)
		case several:
			print(os.Stdout, "by provider "+clean(provider)+":\n")
			fallthrough
		default:
			printMatch(&compared, &m)
		}
	}
	return exit
}

// printMatch says which role somebody would get.
func printMatch(person *config.Role, m *methods.MatchReply) {
	switch {
	case m.Undecided != "":
		print(os.Stdout, "no role: the search ends at role "+clean(m.Undecided)+", because "+clean(m.Unknown)+"\n")
		printLogNames(m)
	case m.Role == "":
		print(os.Stdout, "no role fits\n")
		printCompared(person, m)
	default:
		line := "role " + clean(m.Role)
		for i, r := range m.Reasons {
			line += []string{", by ", " and "}[min(i, 1)] + r.By + " " + quoted(r.Value)
		}
		print(os.Stdout, line+"\n")
		printLogNames(m)
		printGroups("may read", m.Read)
		printGroups("may write", m.Write)
		switch {
		case m.Fault != "":
			print(os.Stdout, "the role gives nothing to anybody until it is mended: "+clean(m.Fault)+"\n")
		case !m.Granted:
			print(os.Stdout, "the role grants nothing, so the login is refused\n")
		case len(m.Lacks) > 0:
			print(os.Stdout, "the role asks more of the sign-in than these claims have, so it has to be done again: "+strings.Join(m.Lacks, ", ")+"\n")
		}
	}
}

// printCompared says what was held against what when nothing fitted.
func printCompared(person *config.Role, m *methods.MatchReply) {
	printLogNames(m)
	print(os.Stdout, "\n")
	rows := [][]string{}
	for _, entry := range people(person) {
		rows = append(rows, []string{"(this person)", entry[0], clean(entry[1])})
	}
	roles, _ := config.Roles(paths.Config())
	for i := range roles {
		list := people(&roles[i])
		if len(list) == 0 {
			list = [][2]string{{"nobody", ""}}
		}
		for _, entry := range list {
			rows = append(rows, []string{clean(roles[i].Name), entry[0], clean(entry[1])})
		}
	}
	printTable([]string{"ROLE", "COMPARES", "WITH"}, rows)
}

// printLogNames says how the log calls the person.
func printLogNames(m *methods.MatchReply) {
	for _, name := range [][2]string{{"e-mail", m.LogEmail}, {"subject", m.LogSubject}} {
		if name[1] != "" {
			print(os.Stdout, pad("in the log", 12)+name[0]+" "+name[1]+"\n")
		}
	}
}

// printGroups lists access groups, as many a line as fit.
func printGroups(title string, groups []string) {
	if len(groups) == 0 {
		groups = []string{"none"}
	}
	line := pad(title, 12)
	start := len(line)
	for i, name := range groups {
		if i < len(groups)-1 {
			name += ","
		}
		if len(line) > start && len(line)+len(name) > 100 {
			print(os.Stdout, strings.TrimRight(line, " ")+"\n")
			line = strings.Repeat(" ", start)
		}
		line += name + " "
	}
	print(os.Stdout, strings.TrimRight(line, " ")+"\n")
}
