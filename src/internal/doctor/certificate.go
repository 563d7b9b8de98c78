// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"crypto/x509"
	"errors"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/words"
)

// trust makes the certificate's row when err is about it.
func (c *connection) trust(err error) *Check {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	var check *Check
	switch {
	case errors.Is(err, backchannel.ErrTrust) && c.config.Text("ca_file") != "":
		check = row("certificate", Fail, words.CAFileUnreadable, c.config.Text("ca_file")).do(words.CheckCAFile).code(string(fault.SSLInitFailed)).
			paste("ls -l " + shellWord(c.config.Text("ca_file")))
	case errors.Is(err, backchannel.ErrTrust):
		check = row("certificate", Fail, words.CertificateUntrusted, c.shown(err.Error())).
			do(words.InstallCABundle).code(string(fault.SSLInitFailed)).paste("opkg install ca-bundle || apk add ca-bundle")
	case errors.As(err, &hostname):
		check = row("certificate", Fail, words.CertificateName, c.shown(hostname.Host)).do(words.UseCertificateName).code(string(fault.DiscoveryNetworkError)).
			paste("uci show luci-sso | grep issuer_url")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		if time.Now().Before(invalid.Cert.NotBefore) {
			check = row("certificate", Fail, words.CertificateEarly, date(invalid.Cert.NotBefore)).do(words.SyncClock).paste(syncClock)
		} else {
			// The router's clock is the other thing that it can be.
			check = row("certificate", Fail, words.CertificateExpired, date(invalid.Cert.NotAfter)).do(words.RenewCertificate).paste("date")
		}
		check = check.code(string(fault.DiscoveryNetworkError))
	case errors.As(err, &authority):
		check = row("certificate", Fail, words.CertificateUntrusted, c.shown(err.Error())).do(words.TrustCA).code(string(fault.DiscoveryNetworkError)).
			paste(set("ca_file", "/etc/ssl/certs/my-ca.pem"))
	case errors.As(err, &invalid):
		// What else can be wrong with a chain is the provider's to mend.
		check = row("certificate", Fail, words.CertificateUntrusted, c.shown(err.Error())).do(words.AskProvider).code(string(fault.DiscoveryNetworkError))
	default:
		return nil
	}
	return check
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02") }

// certificateDates warns two weeks ahead: shorter than what automatic renewal
// leaves.
func certificateDates(response backchannel.Response, now time.Time) *Check {
	if response.Peer == nil || len(response.Peer.PeerCertificates) == 0 {
		return row("certificate", Skip, words.NotRun)
	}
	end := response.Peer.PeerCertificates[0].NotAfter
	if end.Sub(now) < 14*24*time.Hour {
		return row("certificate", Warn, words.CertificateSoon, date(end)).do(words.RenewCertificate)
	}
	return row("certificate", Pass, words.CertificateGood, date(end))
}
