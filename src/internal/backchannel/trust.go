// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
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

// maxPEM is the largest file of certificates read, in bytes. Mozilla's bundle
// has 0.2 MB.
const maxPEM = 4 << 20

// readPEM reads a regular file. The path may be an option's, hence anything:
// a device without an end, or a pipe, on which opening alone would wait.
func readPEM(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxPEM {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", path, maxPEM)
	}
	// At once: growing to the size of a bundle step by step costs a callback
	// 0.4 ms and 0.3 MB.
	data := make([]byte, info.Size())
	n, err := io.ReadFull(file, data)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // It became shorter meanwhile.
	}
	return data[:n], err
}

// pool loads the certificates. crypto/x509's own loader would read the bundle
// twice, once as a file and once as a member of its directory; on a router
// that is half of a request's CPU time.
func (t Trust) pool() (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	if t.CAFile != "" {
		pem, err := readPEM(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("%w: ca_file: %w", ErrTrust, err)
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%w: ca_file %s holds no PEM certificate", ErrTrust, t.CAFile)
		}
		return roots, nil
	}
	pem, err := readPEM(t.Bundle)
	found := err == nil && roots.AppendCertsFromPEM(pem)
	for _, name := range t.besides(found) {
		if pem, err := readPEM(name); err == nil && roots.AppendCertsFromPEM(pem) {
			found = true
		}
	}
	if !found {
		return nil, fmt.Errorf("%w: neither %s nor a file in %s holds one", ErrTrust, t.Bundle, t.Dir)
	}
	return roots, nil
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
