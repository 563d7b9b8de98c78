// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"os"
	"regexp"
	"testing"
)

// TestShippedOptionsAreKnown: an option that the methods do not know is not
// shown to people who may only read, and cannot be tested.
func TestShippedOptionsAreKnown(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../package/luci-sso/files/etc/config/luci-sso")
	if err != nil {
		t.Fatal(err)
	}
	shipped := regexp.MustCompile(`(?m)^#?\s*option (\w+)`).FindAllSubmatch(text, -1)
	if len(shipped) < 5 {
		t.Fatalf("found %d options in the shipped configuration: has its form changed?", len(shipped))
	}
	for _, m := range shipped {
		if !known(string(m[1])) {
			t.Errorf("option %s is not known to the methods: add it to options in methods.go", m[1])
		}
	}
}
