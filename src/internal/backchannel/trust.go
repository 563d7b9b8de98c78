// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Trust says which certificate authorities may vouch for the provider: the
// one in CAFile, or the system's store.
type Trust struct {
	CAFile string // option ca_file; "" for the system's store.
	Bundle string // The store's bundle.
	Dir    string // The store's directory, where an admin adds files.
}

// usable reports, as ErrTrust, that no certificate can be read. It is asked
// before anything is sent.
func (t Trust) usable(s *store) error {
	if t.CAFile != "" {
		found, err := s.usable(t.CAFile)
		switch {
		case err != nil:
			return fmt.Errorf("%w: ca_file: %w", ErrTrust, err)
		case !found:
			return fmt.Errorf("%w: ca_file %s holds no PEM certificate", ErrTrust, t.CAFile)
		}
		return nil
	}
	if s.bundled, _ = s.usable(t.Bundle); s.bundled {
		return nil
	}
	for _, name := range t.besides(false) {
		if found, _ := s.usable(name); found {
			return nil
		}
	}
	return fmt.Errorf("%w: neither %s nor a file in %s holds one", ErrTrust, t.Bundle, t.Dir)
}

// roots loads those certificates that a chain from these, the peer's, can end
// in: crypto/x509 looks for them by the issuer of a certificate that was
// presented, in the bytes of which the names have to be equal, and takes the
// leaf itself. A pool of the whole store would decide the same.
func (t Trust) roots(s *store, peer []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	names := [][]byte{peer[0].RawSubject}
	for _, certificate := range peer {
		names = append(names, certificate.RawIssuer)
	}
	files := []string{t.CAFile}
	if t.CAFile == "" {
		files = append([]string{t.Bundle}, t.besides(s.bundled)...)
	}
	for _, file := range files {
		s.add(pool, file, names) // One that cannot be read vouches for nobody.
	}
	return pool
}

// verify does what crypto/tls does with RootCAs, for a peer's certificates.
func (t Trust) verify(s *store, host string, peer []*x509.Certificate) error {
	if len(peer) == 0 || host == "" {
		return errors.New("tls: no certificate, or no name it would have to be for") // Unreachable: crypto/tls sees to both.
	}
	between := x509.NewCertPool()
	for _, certificate := range peer[1:] {
		between.AddCert(certificate)
	}
	_, err := peer[0].Verify(x509.VerifyOptions{DNSName: host, Roots: t.roots(s, peer), Intermediates: between})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: peer, Err: err}
	}
	return nil
}

// secure makes a TLS connection to host on raw, or closes that.
//
// InsecureSkipVerify does not skip it: verify runs in the same place of the
// handshake, before the first byte of a request. It must not be reached
// without a host, and a handshake without it does not count.
func (t Trust) secure(ctx context.Context, s *store, raw net.Conn, host string) (*tls.Conn, error) {
	verified := false
	conn := tls.Client(raw, &tls.Config{
		ServerName: host,
		MinVersion: tls.VersionTLS12,
		// Without the post-quantum hybrids, for which a key more would be
		// made for each connection: decisions/key-exchange.md.
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: host != "", // #nosec G402 -- see above; without a host, crypto/tls refuses
		VerifyConnection: func(state tls.ConnectionState) error {
			// Not state.ServerName, which is empty for an IP address.
			err := t.verify(s, host, state.PeerCertificates)
			verified = err == nil
			return err
		},
	})
	// Not HandshakeContext, which starts a goroutine to wait for the context:
	// what ends one here is its deadline.
	deadline, _ := ctx.Deadline()
	err := raw.SetDeadline(deadline)
	if err == nil {
		err = conn.Handshake()
	}
	if err == nil && !verified {
		err = errors.New("tls: the certificate was not verified")
	}
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// besides lists the certificate files beside the bundle. When there is a
// bundle, the links that a distribution keeps into its own store are left
// out: what they point to is in the bundle.
func (t Trust) besides(bundled bool) []string {
	entries, err := os.ReadDir(t.Dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		path := filepath.Join(t.Dir, entry.Name())
		extension := filepath.Ext(entry.Name())
		if path == t.Bundle || extension != ".crt" && extension != ".pem" {
			continue
		}
		if bundled && entry.Type()&os.ModeSymlink != 0 && t.stocked(path) {
			continue
		}
		names = append(names, path)
	}
	return names
}

func (t Trust) stocked(link string) bool {
	target, err := os.Readlink(link)
	return err != nil || !filepath.IsAbs(target) || strings.HasPrefix(target, "/usr/share/ca-certificates/") ||
		filepath.Dir(target) == filepath.Clean(t.Dir)
}

// failure is an ErrNetwork whose text is fit for a diagnostic line.
type failure struct {
	words string
	kind  error // One of those below, or nil.
	cause error
}

func (f *failure) Error() string { return f.words }

func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{ErrNetwork, f.cause}
	}
	return []error{ErrNetwork, f.kind, f.cause}
}

// Kinds of network failure with a remedy of their own, beside those that
// crypto/x509 has types for.
var (
	// ErrResolve: nobody knows the host's name.
	ErrResolve = errors.New("the name cannot be resolved")
	// ErrOldTLS: the server knows no version of TLS that is safe.
	ErrOldTLS = errors.New("no TLS 1.2 or newer")
	// ErrKeyExchange: the server knows no key exchange that is safe.
	ErrKeyExchange = errors.New("no key exchange in common")
)

// network makes err an ErrNetwork with words an administrator can act on.
func network(ctx context.Context, err error) error {
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	words, kind := describe(ctx, err)
	return &failure{words, kind, err}
}

const noAnswer = "no answer within the time limit"

func describe(ctx context.Context, err error) (words string, kind error) {
	var (
		dns         *net.DNSError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate x509.CertificateInvalidError
		record      tls.RecordHeaderError
		timeout     net.Error
	)
	// crypto/tls has no types for these.
	text := err.Error()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return noAnswer, nil
	case errors.As(err, &dns):
		return "the name " + dns.Name + " cannot be resolved, check the router's DNS; dnsmasq hides a private address unless its option rebind_domain names the domain", ErrResolve
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused, is the provider running on this port", nil
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to the provider, check the firewall and the routes", nil
	case errors.Is(err, syscall.ECONNRESET):
		return "the provider reset the connection", nil
	case errors.As(err, &authority):
		return "its certificate is signed by an authority this router does not know, set option ca_file", nil
	case errors.As(err, &hostname):
		return "its certificate is for another name than " + hostname.Host, nil
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return "its certificate is expired or not yet valid, check the router's clock", nil
	case errors.As(err, &record):
		return "the server does not speak TLS on this port", nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return noAnswer, nil
	case strings.Contains(text, "tls: protocol version not supported"), strings.Contains(text, "tls: server selected unsupported protocol version"):
		return "the server offers TLS 1.1 or older only, this router needs TLS 1.2 or 1.3: update the provider or the proxy in front of it", ErrOldTLS
	case strings.Contains(text, "tls: handshake failure"), strings.Contains(text, "tls: insufficient security level"), strings.Contains(text, "tls: server chose an unconfigured cipher suite"):
		return "the server ended the TLS handshake, as one does that offers the outdated RSA key exchange only: let the provider or the proxy in front of it offer ECDHE", ErrKeyExchange
	}
	return text, nil
}
