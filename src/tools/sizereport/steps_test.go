// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestLine(t *testing.T) {
	t.Parallel()
	c := commit{"abc1234", "Roles | more of them"}
	before, now := []int{2_000_000, 2_000_000, 2_000_000, 2_200_000}, []int{2_010_400, 1_999_000, limit + 1000, limit64}
	if got, want := line(c, now, before), "| Roles / more of them (abc1234) | 2010 (+10.4) | 1999 (-1.0) | 2301 (+301.0) OVER | 2450 (+250.0) |\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if got, want := line(c, before, nil), "| Roles / more of them (abc1234) | 2000 | 2000 | 2000 | 2200 |\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
