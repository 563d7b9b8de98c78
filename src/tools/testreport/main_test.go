// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		in     []string
		want   tally
		shows  []string
		hidden []string
	}{
		{
			name: "a passing package is one line",
			in: []string{
				`{"Action":"output","Package":"luci-sso/internal/a","Test":"TestX","Output":"chatter\n"}`,
				`{"Action":"pass","Package":"luci-sso/internal/a","Test":"TestX"}`,
				`{"Action":"skip","Package":"luci-sso/internal/a","Test":"TestY"}`,
				`{"Action":"pass","Package":"luci-sso/internal/a","Elapsed":1.25}`,
			},
			want:   tally{passed: 1, skipped: 1},
			shows:  []string{"ok   internal/a: 2 tests"},
			hidden: []string{"chatter"},
		},
		{
			name: "a failing test is shown whole, its passing neighbour is not",
			in: []string{
				`{"Action":"output","Package":"luci-sso/internal/a","Test":"TestX","Output":"want 1, got 2\n"}`,
				`{"Action":"output","Package":"luci-sso/internal/a","Test":"TestY","Output":"chatter\n"}`,
				`{"Action":"fail","Package":"luci-sso/internal/a","Test":"TestX"}`,
				`{"Action":"pass","Package":"luci-sso/internal/a","Test":"TestY"}`,
				`{"Action":"fail","Package":"luci-sso/internal/a"}`,
			},
			want:   tally{passed: 1, failed: 1},
			shows:  []string{"FAIL internal/a", "want 1, got 2"},
			hidden: []string{"chatter"},
		},
		{
			name: "a package that does not build is a failure with the compiler's words",
			in: []string{
				`{"ImportPath":"luci-sso/internal/a","Action":"build-output","Output":"undefined: x\n"}`,
				`{"ImportPath":"luci-sso/internal/a","Action":"build-fail"}`,
				`{"Action":"fail","Package":"luci-sso/internal/a","FailedBuild":"luci-sso/internal/a"}`,
			},
			want:  tally{failed: 1},
			shows: []string{"undefined: x"},
		},
		{
			name: "a test that never ended is shown beside one that failed",
			in: []string{
				`{"Action":"output","Package":"p","Test":"TestX","Output":"want 1, got 2\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestX"}`,
				`{"Action":"output","Package":"p","Test":"TestY","Output":"panic: test timed out\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want:  tally{failed: 1},
			shows: []string{"want 1, got 2", "timed out"},
		},
		{
			name: "a run cut short fails",
			in: []string{
				`{"Action":"pass","Package":"luci-sso/internal/a","Test":"TestX"}`,
			},
			want:  tally{failed: 1},
			shows: []string{"ended before"},
		},
		{
			name:  "no test at all fails, and other tools' words come through",
			in:    []string{"go: cannot find main module"},
			want:  tally{failed: 1},
			shows: []string{"go: cannot find main module", "no test ran"},
		},
		{
			name: "a note is shown although the test passes",
			in: []string{
				`{"Action":"output","Package":"p","Test":"TestX","Output":"    x_test.go:12: note: 73 of 73 codes provoked\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestX"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want:   tally{passed: 1},
			shows:  []string{"note: 73 of 73 codes provoked\n"},
			hidden: []string{"x_test.go"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			got, err := report(strings.NewReader(strings.Join(test.in, "\n")), &out)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("counted %+v, want %+v; it printed:\n%s", got, test.want, out.String())
			}
			for _, text := range test.shows {
				if !strings.Contains(out.String(), text) {
					t.Errorf("%q is missing from:\n%s", text, out.String())
				}
			}
			for _, text := range test.hidden {
				if strings.Contains(out.String(), text) {
					t.Errorf("%q should not be in:\n%s", text, out.String())
				}
			}
		})
	}
}
