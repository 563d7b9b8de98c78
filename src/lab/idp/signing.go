// SPDX-License-Identifier: Apache-2.0

package idp

import "fmt"

// Rotate replaces all keys by new ones with new kids, as a provider does
// every few months.
func (p *Provider) Rotate() error {
	p.mu.Lock()
	p.rotations++
	n := p.rotations
	p.mu.Unlock()
	var keys []*Key
	for _, alg := range []string{"RS256", "ES256"} {
		key, err := sharedKey(alg, n)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	p.SetKeys(keys...)
	return nil
}

// SetKeys replaces the keys. The first whose Alg is the signing algorithm
// signs.
func (p *Provider) SetKeys(keys ...*Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// KeysNow returns the present keys.
func (p *Provider) KeysNow() []*Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Key(nil), p.keys...)
}

// SetAlgorithm chooses what ID tokens are signed with: RS256 or ES256, or
// whatever a key given to SetKeys can.
func (p *Provider) SetAlgorithm(alg string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alg = alg
}

func (p *Provider) signingKey() (*Key, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range p.keys {
		if key.Alg == p.alg {
			return key, nil
		}
	}
	return nil, fmt.Errorf("no key for %s", p.alg)
}
