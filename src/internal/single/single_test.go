// SPDX-License-Identifier: Apache-2.0

package single

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// TestWhatWaitsHasOneProcessor, and no other request has fewer than there are.
func TestWhatWaitsHasOneProcessor(t *testing.T) {
	if os.Getenv("SINGLE_TEST") != "" {
		fmt.Printf("processors %d\n", runtime.GOMAXPROCS(0))
		return
	}
	for path, want := range map[string]int{"/callback": 1, "/logout": 1, "/callbacks": 2, "": 2} {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestWhatWaitsHasOneProcessor$")
		cmd.Env = append(os.Environ(), "SINGLE_TEST=1", "GOMAXPROCS=2", "PATH_INFO="+path)
		output, err := cmd.Output()
		var got int
		if _, scanned := fmt.Sscanf(string(output), "processors %d", &got); err != nil || scanned != nil || got != want {
			t.Errorf("PATH_INFO %q: %s, %v; expected %d", path, output, err, want)
		}
	}
}
