// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compare prints a table of what the program takes at each commit, and of what
// that is more than at the one before: what each feature took.
func compare(src string, revisions, toolchains []string, w io.Writer) error {
	commits, err := expand(src, revisions)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "luci-sso-size-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	for _, toolchain := range toolchains {
		version, err := builder{src: src, toolchain: toolchain}.version()
		if err != nil {
			fmt.Fprintf(w, "note: %s cannot be had: no sizes with it\n", toolchain)
			continue
		}
		fmt.Fprintf(w, "%s, KB after gzip -9:\n\n%s", version, heading())
		var before []int
		for _, commit := range commits {
			tree := filepath.Join(work, commit.name)
			if err := checkout(src, commit.name, tree); err != nil {
				return err
			}
			b := builder{src: filepath.Join(tree, "src"), toolchain: toolchain}
			sizes := make([]int, len(targets))
			for i, t := range targets {
				if sizes[i], err = b.size(work, t.arch, t.setting); err != nil {
					return fmt.Errorf("%s: %w", commit.name, err)
				}
			}
			fmt.Fprint(w, line(commit, sizes, before))
			before = sizes
		}
		fmt.Fprintln(w)
	}
	return nil
}

type commit struct{ name, subject string }

// programPaths are what the router's program is made from.
var programPaths = []string{"cmd", "internal", "ubus-go", "go.mod", "compiler-flags", "compiler-flags.arm"}

// expand lists the commits of the revisions: a range stands for those of its
// commits that change the program, after its beginning.
func expand(src string, revisions []string) (commits []commit, err error) {
	for _, revision := range revisions {
		first, _, isRange := strings.Cut(revision, "..")
		if isRange {
			if err := add(&commits, src, "log", "-1", first); err != nil {
				return nil, err
			}
			err = add(&commits, src, append([]string{"log", "--reverse", revision, "--"}, programPaths...)...)
		} else {
			err = add(&commits, src, "log", "-1", revision)
		}
		if err != nil {
			return nil, err
		}
	}
	return commits, nil
}

func add(commits *[]commit, src string, arguments ...string) error {
	arguments = append([]string{arguments[0], "--format=%h %s"}, arguments[1:]...)
	cmd := exec.Command("git", arguments...) // The person's own revisions.
	cmd.Dir = src
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git %s: %w", strings.Join(arguments, " "), err)
	}
	for _, text := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if name, subject, ok := strings.Cut(text, " "); ok {
			*commits = append(*commits, commit{name, subject})
		}
	}
	return nil
}

// checkout unpacks the sources of a commit, unless they are there.
func checkout(src, name, tree string) error {
	if _, err := os.Stat(tree); err == nil {
		return nil
	}
	// The module is in src/ of the repository.
	inside := filepath.Join(tree, "src")
	if err := os.MkdirAll(inside, 0o700); err != nil {
		return err
	}
	// #nosec G204 -- the person's own revision, as an argument
	cmd := exec.Command("sh", "-c", `cd "$1/.." && git archive "$2:src" | tar -x -C "$3"`, "sh", src, name, inside)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the sources of %s: %w: %s", name, err, text)
	}
	return nil
}

func heading() string {
	names, rule := "| |", "|---|"
	for _, t := range targets {
		names += " " + t.name + " |"
		rule += "---:|"
	}
	return names + "\n" + rule + "\n"
}

// line is a row of the table.
func line(c commit, sizes, before []int) string {
	text := fmt.Sprintf("| %s (%s) |", strings.ReplaceAll(c.subject, "|", "/"), c.name)
	for i, size := range sizes {
		cell := fmt.Sprintf(" %.0f", float64(size)/1000)
		if before != nil {
			cell += fmt.Sprintf(" (%+.1f)", float64(size-before[i])/1000)
		}
		if size > targets[i].limit {
			cell += " OVER"
		}
		text += cell + " |"
	}
	return text + "\n"
}
