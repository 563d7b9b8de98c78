// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"os"
	"path"
	"strings"
)

// located is what a URL leads to.
type located struct {
	file  string // On disk, below the docroot.
	name  string // The same as URL path.
	info  string // PATH_INFO: decoded, not cleaned; "" when there is none.
	query string
	mode  os.FileMode
}

// pathMax bounds a decoded path and a query, in bytes.
const pathMax = 4096

// locate finds the longest leading part of a URL's path that exists. What
// remains is the PATH_INFO.
func locate(docroot, target string) (located, bool) {
	rawPath, query, _ := strings.Cut(target, "?")
	if len(query) > pathMax-1 {
		query = query[:pathMax-1]
	}
	decoded, ok := decode(rawPath)
	if !ok || len(docroot)+len(decoded) >= pathMax-1 {
		return located{}, false
	}
	for i := len(decoded); i >= 0; i-- {
		if i < len(decoded) && decoded[i] != '/' {
			continue
		}
		name := path.Clean("/" + decoded[:i])
		stat, err := os.Stat(docroot + name)
		if err != nil {
			continue
		}
		found := located{file: docroot + name, name: name, info: decoded[i:], query: query, mode: stat.Mode()}
		if stat.IsDir() {
			if strings.Trim(found.info, "/") != "" {
				return located{}, false
			}
			found.file = path.Join(found.file, "index.html")
			if stat, err = os.Stat(found.file); err != nil {
				return located{}, false
			}
			found.mode = stat.Mode()
		}
		// A lone trailing slash belongs to the part that was cleaned away.
		return found, true
	}
	return located{}, false
}

// decode resolves percent escapes and reports malformed ones. What follows a
// NUL is lost, as it is in the original.
func decode(s string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return "", false
		}
		out.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
		i += 2
	}
	decoded, _, _ := strings.Cut(out.String(), "\x00")
	return decoded, true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// under reports whether a URL lies at or below a prefix.
func under(prefix, target string) bool {
	rest, ok := strings.CutPrefix(target, prefix)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '?')
}
