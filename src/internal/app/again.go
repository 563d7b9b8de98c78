// SPDX-License-Identifier: Apache-2.0

package app

import (
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

// lackWord is a word for a way of signing in that people know.
func lackWord(method string) string {
	switch method {
	case "hwk", "pop":
		return sentenceByKey
	case "mfa":
		return sentenceByFactor
	case "otp":
		return sentenceByCode
	}
	return ""
}

// lackSentences are what the page says of a sign-in that lacks something, and
// the text of its button. marks has what stands before each of them and at the
// end; a value that a provider's administrator knows goes with its word.
func lackSentences(a *login.Again) (sentences, marks []string) {
	mark := "\n<p>"
	say := func(sentence string) {
		sentences, marks, mark = append(sentences, sentence), append(marks, mark), ""
	}
	for _, lack := range a.Lacks {
		if lack.Option == "max_age" {
			say(sentenceLacksTime)
		} else {
			say(sentenceLacksWay)
		}
		for _, value := range lack.Want {
			if word := lackWord(value); word != "" {
				mark += " "
				say(word)
			}
			mark += " <code>" + cgi.EscapeHTML(value) + "</code>"
		}
		mark += "</p>\n<p>"
	}
	end := "</p>"
	if a.Location == "" {
		say(sentenceLacksTwice)
	} else {
		mark += `<a class="button" href="` + cgi.EscapeHTML(a.Location) + `">`
		end = "</a>" + end
		say(sentenceLacksAgain)
	}
	return sentences, append(marks, end)
}
