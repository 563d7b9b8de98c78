// SPDX-License-Identifier: Apache-2.0

package backchannel

import "crypto/sha256"

// TrustMark names what the client was told to trust: it is another one when
// ca_file or the file's content is. What was fetched under another trust is
// nobody's word now. The system's store is the distribution's and no choice
// of ours.
func (c *Client) TrustMark() string { return c.trust.mark() }

func (t Trust) mark() string {
	if t.CAFile == "" {
		return ""
	}
	pem, err := readPEM(t.CAFile)
	if err != nil {
		return t.CAFile + "\x00?"
	}
	sum := sha256.Sum256(pem)
	return t.CAFile + "\x00" + string(sum[:])
}
