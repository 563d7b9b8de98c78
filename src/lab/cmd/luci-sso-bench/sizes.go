// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"luci-sso/lab"
)

// Size is what the program takes of a router's flash, as gzip -9.
type Size struct {
	Architecture string `json:"architecture"`
	Bytes        int64  `json:"gzip_bytes"`
}

// architectures are those with a goal, and what Go needs to be told of them.
var architectures = []struct {
	name string
	env  []string
}{
	{"mipsel_24kc", []string{"GOOS=linux", "GOARCH=mipsle", "GOMIPS=softfloat"}},
	{"arm_cortex-a7", []string{"GOOS=linux", "GOARCH=arm", "GOARM=5"}},
	{"aarch64", []string{"GOOS=linux", "GOARCH=arm64"}},
	{"x86_64", []string{"GOOS=linux", "GOARCH=amd64"}},
}

// sizes builds the shipped program for each of them. tests/size keeps an eye
// on them with both of OpenWrt's versions of Go; here it is the one at hand.
func sizes(work string, r *report) error {
	for _, a := range architectures {
		target := filepath.Join(work, "luci-sso-"+a.name)
		if err := lab.Build(target, lab.RealBuildFlags, a.env...); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		size, err := compressed(target)
		if err != nil {
			return err
		}
		r.Sizes = append(r.Sizes, Size{a.name, size})
	}
	return nil
}

// compressed asks gzip itself: Go's own deflate takes two hundredths more.
func compressed(path string) (int64, error) {
	output, err := exec.Command("gzip", "-9nc", path).Output() // #nosec G204 -- what was just built
	if err != nil {
		return 0, fmt.Errorf("gzip -9: %w", err)
	}
	return int64(len(output)), nil
}
