// SPDX-License-Identifier: Apache-2.0

// Package near owns the guess which known name a misspelt one was to be.
package near

// Name is the known name from which the fewest typing errors lead to name,
// if those are few for its length.
func Name(name string, known []string) string {
	best, least := "", 0
	for _, k := range known {
		if d := typingErrors(name, k); d <= max(1, min(3, len(k)/4)) && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// typingErrors counts letters that are missing, too many or wrong, and
// neighbours that changed places.
func typingErrors(a, b string) int {
	const most = 64 // No known name is longer, and the time is their product.
	if len(a) > most || len(b) > most {
		return most
	}
	var before, last, row [most + 1]int
	for j := 0; j <= len(b); j++ {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
