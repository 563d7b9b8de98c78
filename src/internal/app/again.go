// SPDX-License-Identifier: Apache-2.0

package app

import (
	"strings"

	"luci-sso/internal/cgi"
	"luci-sso/internal/login"
)

// What a person reads whose role asks for another sign-in.
const (
	sentenceLacksWay   = "Your administrator asks for another way of signing in:"
	sentenceLacksTime  = "Your last sign-in at the identity provider is too long ago."
	sentenceLacksAgain = "Sign in again"
	sentenceLacksTwice = "Signing in again has not changed that. Please contact your administrator."
	sentenceByKey      = "with a security key"
	sentenceByFactor   = "with a second factor"
	sentenceByCode     = "with a one-time code"
)

// lackWords are words for the ways of signing in that people know.
var lackWords = map[string]string{
	"hwk": sentenceByKey, "pop": sentenceByKey, "mfa": sentenceByFactor, "otp": sentenceByCode,
}

// lackSentences are those that lackHTML uses, in its order.
func lackSentences(a *login.Again) []string {
	var list []string
	for _, lack := range a.Lacks {
		if lack.Option == "max_age" {
			list = append(list, sentenceLacksTime)
			continue
		}
		list = append(list, sentenceLacksWay)
		for _, value := range lack.Want {
			if word := lackWords[value]; word != "" {
				list = append(list, word)
			}
		}
	}
	if a.Location == "" {
		return append(list, sentenceLacksTwice)
	}
	return append(list, sentenceLacksAgain)
}

// lackHTML says what a sign-in lacks, and has the button for another one. The
// words of people come with the value that a provider's administrator knows.
func lackHTML(a *login.Again, words []string) string {
	var b strings.Builder
	next := func() string {
		word := cgi.EscapeHTML(words[0])
		words = words[1:]
		return word
	}
	for _, lack := range a.Lacks {
		b.WriteString("\n<p>" + next())
		for i, value := range lack.Want {
			if i > 0 {
				b.WriteByte(',')
			}
			if lackWords[value] != "" {
				b.WriteString(" " + next())
			}
			b.WriteString(" <code>" + cgi.EscapeHTML(value) + "</code>")
		}
		b.WriteString("</p>")
	}
	last := next()
	if a.Location != "" {
		last = `<a class="button" href="` + cgi.EscapeHTML(a.Location) + `">` + last + "</a>"
	}
	b.WriteString("\n<p>" + last + "</p>")
	return b.String()
}
