// SPDX-License-Identifier: Apache-2.0

package app

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/cgi"
	"luci-sso/internal/lmo"
	"luci-sso/internal/paths"
	"luci-sso/internal/syslog"
	"luci-sso/internal/version"
)

// What a person reads besides the catalogue's sentences. scripts/i18n finds
// them here.
const (
	sentenceTitle    = "Single sign-on"
	sentenceBack     = "Back to the login page"
	sentenceSubject  = "For the administrator: your identifier (sub) at the provider is"
	sentenceCrash    = "The router could not complete the request. Please try again later or contact your administrator."
	sentenceMethod   = "This address only answers GET requests."
	sentenceTried    = "The trial is over. This window may be closed: the settings page shows what came of it."
	sentenceInsecure = "Single sign-on needs a secure connection. Please open the router's page with https://."
)

// page fills in the body of an answer to a person: one sentence, as plain
// text for programs and as a small page for browsers. The page has no style
// or script of its own, as the content security policy forbids them inline. It
// ends in what one can quote to an administrator: when it was, and the name and
// number that the request's lines have in the log.
func (r *request) page(response cgi.Response, sentence string) cgi.Response {
	if !r.WantsHTML {
		response.ContentType = "text/plain"
		response.Body = "Error: " + sentence + "\n"
		if r.closing {
			response.Body = sentence + "\n"
		}
		return response
	}
	sentences := []string{sentence, sentenceTitle, sentenceBack}
	if r.subject != "" {
		sentences = append(sentences, sentenceSubject)
	}
	var marks []string
	if r.again != nil {
		lacks, between := lackSentences(r.again)
		sentences, marks = append(sentences, lacks...), between
	}
	language, words := r.words(sentences...)
	subject := ""
	if r.subject != "" {
		// It is what the administrator puts into a role to let them in.
		subject = "\n<p>" + cgi.EscapeHTML(words[3]) + " <code>" + cgi.EscapeHTML(syslog.Printable(r.subject, 1024)) + "</code></p>"
	}
	for i, mark := range marks {
		if subject += mark; i < len(marks)-1 {
			subject += cgi.EscapeHTML(words[3+i])
		}
	}
	back := "\n<p><a href=\"" + luciPath + "\">" + cgi.EscapeHTML(words[2]) + "</a></p>"
	if r.closing {
		back = ""
	}
	title := cgi.EscapeHTML(words[1])
	response.ContentType = "text/html; charset=utf-8"
	response.Body = `<!DOCTYPE html>
<html lang="` + cgi.EscapeHTML(language) + `">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + title + `</title>
<link rel="stylesheet" href="/luci-static/resources/luci-sso/page.css?v=` + version.Version + `">
</head>
<body>
<main>
<h1>` + title + `</h1>
<p role="alert">` + cgi.EscapeHTML(words[0]) + `</p>` + subject + back + `
<p><small>` + strconv.Itoa(response.Status) + " " + cgi.EscapeHTML(cgi.Reason(response.Status)) + "<br>" +
		time.Now().UTC().Format("2006-01-02 15:04:05 UTC") + ", luci-sso[" + strconv.Itoa(os.Getpid()) + `]</small></p>
</main>
</body>
</html>
`
	return response
}

// words translates sentences into the first language of the browser that all
// of them are known in. The catalogues are those of LuCI's pages.
func (r *request) words(sentences ...string) (language string, translated []string) {
	for _, tag := range r.Languages {
		for _, code := range lmo.Codes(tag) {
			catalogue, ok := lmo.Load(paths.Translations() + "/sso." + code + ".lmo")
			if !ok {
				continue
			}
			if translated, ok := catalogue.All(sentences); ok {
				return code, translated
			}
		}
		if tag == "en" || strings.HasPrefix(tag, "en-") {
			break
		}
	}
	return "en", sentences
}

// where names the function and line that panicked, without its arguments.
func where() string {
	var callers [16]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			return frame.Function + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
