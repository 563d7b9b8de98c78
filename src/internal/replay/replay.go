// SPDX-License-Identifier: Apache-2.0

// Package replay owns the registry of access tokens that have bought a
// session, so that none buys a second one, and of logout tokens that have
// ended some. It knows hashes of tokens and how
// long to keep them, and nothing of what they are for.
//
// Each token is an empty file named after its SHA-256, created with O_EXCL: of
// any number of processes exactly one creates it. Its modification time is the
// moment until which it has to be kept. Registering does not read the directory
// unless that is nearly full, so it costs the same with ten tokens and with
// thousands; Reap is for the regular cleanup.
package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
)

const (
	// MaxKeep bounds how long a token is kept: whatever lifetime a provider
	// gives its tokens, the directory stays bounded.
	MaxKeep = 24 * time.Hour

	// grace is kept on top. A clock that runs ahead for a while and is
	// corrected must not have made Reap forget tokens that are valid again.
	grace = time.Hour

	// Capacity bounds the directory. It is far above what the rate limit
	// lets through while a token is kept. Each takes a kilobyte of memory.
	Capacity = 16000
)

// Registry is the directory of used tokens.
type Registry struct {
	dir      string
	capacity int
	Now      func() time.Time // time.Now unless replaced before the first use.
}

// Open returns the registry in dir, which Register creates when missing.
func Open(dir string) *Registry { return &Registry{dir: dir, capacity: Capacity, Now: time.Now} }

// Register marks the token as used until keepUntil, at most MaxKeep from now.
// Faults: TOKEN_REPLAYED when it has been used, TOKEN_REGISTRY_ERROR when that
// cannot be known or kept, which must end the login just the same.
func (r *Registry) Register(accessToken secret.Value, keepUntil time.Time) error {
	if accessToken.Empty() {
		return fault.New(fault.TokenRegistryError, "there is no access token to register")
	}
	path := r.path(accessToken)
	if err := store.EnsureDir(r.dir); err != nil {
		return registryError(err)
	}
	if err := r.makeRoom(); err != nil {
		return err
	}
	f, err := create(path)
	if errors.Is(err, os.ErrExist) {
		return fault.New(fault.TokenReplayed,
			"an access token that has already been used for a login came again: two logins with one token, or somebody repeats a recorded one")
	}
	if err != nil {
		return registryError(store.Failed("create", path, err))
	}
	err = f.Close()
	if err == nil {
		if last := r.Now().Add(MaxKeep); keepUntil.After(last) {
			keepUntil = last
		}
		if first := r.Now(); keepUntil.Before(first) {
			keepUntil = first
		}
		// A process killed before this line leaves the moment of creation:
		// the token counts as used for the time of grace, and the login it
		// was for has not happened.
		err = os.Chtimes(path, keepUntil, keepUntil)
	}
	if err != nil {
		return registryError(store.Failed("stamp", path, err))
	}
	return nil
}

// Known reports whether a token has been registered. Asking changes nothing.
func (r *Registry) Known(token secret.Value) bool {
	_, err := os.Lstat(r.path(token))
	return err == nil
}

func (r *Registry) path(token secret.Value) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return filepath.Join(r.dir, hex.EncodeToString(sum[:]))
}

// makeRoom forgets what need not be remembered when the directory is full, and
// returns nil when one more token may be registered.
func (r *Registry) makeRoom() error {
	if !store.Crowded(r.dir, r.capacity, 2*sha256.Size) {
		return nil
	}
	if _, err := r.Reap(r.Now()); err != nil {
		return registryError(err)
	}
	if store.Crowded(r.dir, r.capacity, 2*sha256.Size) {
		n := strconv.Itoa(r.capacity)
		return registryError(errors.New(r.dir + " holds " + n + " used tokens, as many as it may, and none can be forgotten yet: most likely somebody signs in again and again"))
	}
	return nil
}

func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err == nil {
		_ = f.Chmod(0o600) // Whatever the umask took.
	}
	return f, err
}

func registryError(err error) error {
	return fault.Wrap(fault.TokenRegistryError, err,
		"the access token cannot be registered as used: "+err.Error())
}

// Reap removes the tokens that need no longer be kept and returns how many.
//
// A token whose time lies far in the future is kept: none is registered
// unless the ID token that came with it was valid by the clock, so the time is
// right and it is the clock of this moment that is not.
func (r *Registry) Reap(now time.Time) (removed int, err error) {
	return store.Reap(r.dir, func(name string, until time.Time) bool {
		return len(name) == 2*sha256.Size && store.Age(now, until) > grace
	})
}
