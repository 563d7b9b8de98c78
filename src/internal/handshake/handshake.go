// SPDX-License-Identifier: Apache-2.0

// Package handshake owns the pending logins: what the router must remember
// between sending a browser to the provider and its return. It knows neither
// cookies nor URLs; comparing the state and deciding when to consume is the
// login's.
//
// Each pending login is a file named after the SHA-256 of its handle, the 256
// random bits in the browser's cookie. It is sealed under the secret key and
// the handle, so that a copy of the directory tells nothing, not even to who
// has the key, and files cannot be exchanged for one another.
//
// # Time
//
// A pending login is live when its issue time is at most Lifetime + Tolerance
// away from now, in either direction. One "issued" further in the future was
// written before the clock was set back; it is as dead as an expired one, or
// it would hold its place until the clock caught up. The issue time is also
// the file's modification time, so that counting and reaping open no file.
//
// # Capacity
//
// Save counts and creates under one lock on the directory, so Capacity is
// exact. When it is reached, everything dead is removed; a live login never.
//
// A caller that limits clients one by one sets Pending.Client. Then a flood
// that keeps the store full does not keep people out: beyond Capacity, a
// client with fewer than clientShare pending logins still gets one, up to
// crowdFactor times Capacity in all. Whose a file is shows in its name (a keyed
// hash of the client, which is also the end of the handle), so that no file
// has to be opened to count.
//
// Pending.Own sets a login apart that a page of this router started. A page of
// another site can have a browser start any number of the others, and has none
// of the ownReserve places beyond all those. At 4 KB of tmpfs each, 1000 files are the bound.
package handshake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
	"luci-sso/internal/seal"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
)

const (
	// DefaultLifetime is the Max-Age of the cookie as well.
	DefaultLifetime = 300 * time.Second
	// DefaultCapacity is the contract's limit of logins in flight.
	DefaultCapacity = 100

	// lockWait bounds how long a request waits for others. A holder needs
	// less than a millisecond; only a stopped one keeps it longer.
	lockWait = 5 * time.Second

	clientShare = 2
	ownReserve  = 20
	crowdFactor = 10

	// What the secret key is used for here.
	purpose    seal.Purpose = "pending login 2"
	tagPurpose seal.Purpose = "client"

	nameLen = 2 * sha256.Size
	tagSize = 4
)

// Options say where and how long. Zero values get the defaults.
type Options struct {
	Dir       string        // Of the sealed files; created when missing.
	KeyFile   string        // 32 bytes; created when missing.
	Lifetime  time.Duration // How long a person may take at the provider.
	Tolerance time.Duration // How far the clock may have been set meanwhile.
	Capacity  int
	Now       func() time.Time
}

// Store is the directory of pending logins. It holds nothing in memory: any
// number of processes use one directory.
type Store struct{ opt Options }

// Pending is one login in flight.
type Pending struct {
	State, Nonce, Verifier secret.Value
	RedirectURI            string // As sent to the provider; the exchange must repeat it.
	Provider               string // Section of the configuration with the provider.
	ReturnTo               string // Where in LuCI the person was heading; may be empty.
	Issued                 time.Time
	// Again says that it is the second try of a sign-in that lacked something:
	// there is no third.
	Again bool
	// Client is who started the login, in the form of ratelimit.Client, for
	// callers that limit clients one by one, else empty. It is not stored and
	// Load leaves it empty.
	Client string
	// Own says that a page of this router started it. It is not stored.
	Own bool
}

// Open returns the store. Tolerance is held between 0 and a day. It touches no file: nothing is created for a
// request that does not save.
func Open(opt Options) *Store {
	if opt.Lifetime <= 0 {
		opt.Lifetime = DefaultLifetime
	}
	opt.Tolerance = min(max(opt.Tolerance, 0), 24*time.Hour)
	if opt.Capacity <= 0 {
		opt.Capacity = DefaultCapacity
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Store{opt}
}

// Save stores p and returns its handle: 43 characters of base64url, the value
// of the cookie. A zero p.Issued means now. Faults: SYSTEM_INIT_FAILED (secret
// key), CRYPTO_INIT_FAILED, CRYPTO_ERROR, HANDSHAKE_CAPACITY_EXCEEDED,
// STATE_SAVE_FAILED.
func (s *Store) Save(p Pending) (secret.Value, error) {
	none := secret.Value{}
	key, err := seal.Make(s.opt.KeyFile)
	if err != nil {
		return none, err
	}
	if p.Issued.IsZero() {
		p.Issued = s.opt.Now()
	}
	plain, err := encode(p)
	if err != nil {
		return none, fault.Wrap(fault.StateSaveFailed, err, "the pending login cannot be stored: "+err.Error())
	}
	raw, err := random.Bytes(sha256.Size)
	if err != nil {
		return none, err
	}
	tag := ""
	if p.Client != "" {
		t := clientTag(key, p.Client)
		copy(raw[len(raw)-tagSize:], t)
		tag = hex.EncodeToString(t)
	}
	handle := base64.RawURLEncoding.EncodeToString(raw)
	sealed, err := key.Seal(purpose, handle, plain)
	if err != nil {
		return none, err
	}
	if err := s.put(fileName(handle, tag), tag, p.Own, sealed, p.Issued); err != nil {
		return none, err
	}
	return secret.New(handle), nil
}

func (s *Store) put(name, tag string, page bool, sealed []byte, issued time.Time) error {
	if err := store.EnsureDir(s.opt.Dir); err != nil {
		return saveFailed(err)
	}
	unlock, err := store.LockDir(s.opt.Dir, lockWait)
	if err != nil {
		return saveFailed(err)
	}
	defer unlock()
	if err := s.makeRoom(tag, page); err != nil {
		return err
	}
	path := filepath.Join(s.opt.Dir, name)
	err = store.WriteFileAt(path, sealed, issued)
	if err != nil {
		// Dead files may be what fills a small tmpfs.
		if removed, _ := s.Reap(); removed > 0 {
			err = store.WriteFileAt(path, sealed, issued)
		}
	}
	if err != nil {
		return saveFailed(err)
	}
	return nil
}

// makeRoom returns nil when one more file may be created, for the lock's holder.
func (s *Store) makeRoom(tag string, page bool) error {
	total, err := s.count()
	if err != nil {
		return saveFailed(err)
	}
	if total < s.opt.Capacity {
		return nil
	}
	most := s.opt.Capacity
	if tag != "" {
		most *= crowdFactor
	}
	total, own, _, err := s.sweep(tag)
	switch {
	case err != nil && total == 0: // The directory itself is not to be read.
		return saveFailed(err)
	case total < s.opt.Capacity:
		return nil
	case tag != "" && own < clientShare && total < most:
		return nil
	case page && total < most+ownReserve:
		return nil
	}
	advice := "option rate_limit_per_client keeps a flood from locking others out"
	if tag != "" {
		advice = "this client has " + strconv.Itoa(own) + " of them"
	}
	return fault.New(fault.HandshakeCapacityExceeded,
		strconv.Itoa(total)+" logins are in progress ("+strconv.Itoa(s.opt.Capacity)+" allowed) and none has expired: most likely a flood of requests; "+
			"each expires after "+seconds(s.opt.Lifetime+s.opt.Tolerance)+" s; "+advice)
}

// count returns how many pending logins there are, dead or alive, without
// looking at any: nearly always that is all there is to know.
func (s *Store) count() (total int, err error) {
	err = store.Each(s.opt.Dir, func(name string) {
		if isName(name) {
			total++
		}
	})
	return total, err
}

// Load returns the pending login of a handle without consuming it. Faults:
// MALFORMED_STATE_COOKIE, STATE_NOT_FOUND, STATE_CORRUPTED, HANDSHAKE_EXPIRED,
// HANDSHAKE_NOT_YET_VALID, SYSTEM_INIT_FAILED (secret key).
func (s *Store) Load(handle secret.Value) (Pending, error) {
	names, err := fileNames(handle.Reveal())
	if err != nil {
		return Pending{}, err
	}
	var sealed []byte
	for _, name := range names {
		sealed, err = store.ReadFile(filepath.Join(s.opt.Dir, name), maxSealed)
		if !errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		return Pending{}, notFound()
	}
	if err != nil {
		return Pending{}, fault.Wrap(fault.StateCorrupted, err, err.Error())
	}
	key, err := seal.Load(s.opt.KeyFile)
	if errors.Is(err, os.ErrNotExist) {
		return Pending{}, fault.Wrap(fault.StateCorrupted, err,
			"the secret key "+s.opt.KeyFile+" was removed while a login was in progress; the next login makes a new one")
	}
	if err != nil {
		return Pending{}, err
	}
	plain, err := key.Open(purpose, handle.Reveal(), sealed)
	var p Pending
	if err == nil {
		p, err = decode(plain)
	}
	if err != nil {
		return Pending{}, fault.Wrap(fault.StateCorrupted, err,
			"the pending login's file in "+s.opt.Dir+" is damaged or was sealed with another key: "+err.Error())
	}
	return p, s.judge(p.Issued)
}

// Prepare makes sure that there is a secret key, for the start of a login: what
// is wrong with the key is found before a random value is drawn for anything
// else, so that a first login without a random source says what it could not
// make. Its faults are SYSTEM_INIT_FAILED.
func (s *Store) Prepare() error {
	_, err := seal.Make(s.opt.KeyFile)
	return err
}

// judge is the one place that says when a pending login may be used.
func (s *Store) judge(issued time.Time) error {
	age := s.opt.Now().Sub(issued) // Saturates; never negated, as the most negative has no counterpart.
	switch {
	case age > s.opt.Lifetime+s.opt.Tolerance:
		return fault.New(fault.HandshakeExpired,
			"the login was started "+seconds(age)+" s ago; it has to be finished within "+seconds(s.opt.Lifetime)+
				" s (and "+seconds(s.opt.Tolerance)+" s of option clock_tolerance)")
	case age < -s.opt.Tolerance:
		return fault.New(fault.HandshakeNotYetValid,
			"the login was started at "+issued.UTC().Format(time.RFC3339)+", which is later than now: the router's clock was set back by more than option clock_tolerance ("+
				seconds(s.opt.Tolerance)+" s); check its time synchronization and start again")
	}
	return nil
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// Consume removes the pending login of a handle. The kernel lets exactly one
// caller remove a name: that one gets nil, every other STATE_NOT_FOUND. When
// the file cannot be removed the login must not go on, or it could be used
// twice: STATE_SAVE_FAILED.
func (s *Store) Consume(handle secret.Value) error {
	names, err := fileNames(handle.Reveal())
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(s.opt.Dir, name)
		err := os.Remove(path)
		if err == nil {
			return nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return saveFailed(store.Failed("remove", path, err))
		}
	}
	return notFound()
}

// Reap removes the pending logins that are no longer live and the temporary
// files of killed processes; for a full store and for the regular cleanup. It
// needs no lock: a dead file does not come back to life.
func (s *Store) Reap() (removed int, err error) {
	_, _, removed, err = s.sweep("")
	return removed, err
}

// sweep is Reap that counts, in the same pass, the living and those of them
// that are the tagged client's.
func (s *Store) sweep(tag string) (total, own, removed int, err error) {
	now := s.opt.Now()
	// Time stamps may have lost their fractions: a second more keeps the
	// last instant of a live one safe.
	window := s.opt.Lifetime + s.opt.Tolerance + time.Second
	removed, err = store.Reap(s.opt.Dir, func(name string, stamp time.Time) bool {
		if store.IsTemp(name) {
			// Written by the system's clock, whatever ours says.
			return store.Abandoned(name, time.Now(), stamp)
		}
		if !isName(name) {
			return false
		}
		if age := store.Age(now, stamp); age > window || age < -window {
			return true
		}
		total++
		if tag != "" && strings.HasSuffix(name[nameLen:], tag) {
			own++
		}
		return false
	})
	return total, own, removed, err
}

func notFound() error {
	return fault.New(fault.StateNotFound,
		"there is no pending login for this cookie: it was finished already, has expired and was removed, or the router was restarted")
}

func saveFailed(err error) error {
	return fault.Wrap(fault.StateSaveFailed, err, "the pending login cannot be kept: "+err.Error())
}
