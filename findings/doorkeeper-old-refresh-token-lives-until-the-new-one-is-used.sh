#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Doorkeeper 5.5.0 (Debian 12) with use_refresh_token, its own schema.
#
# Guess:  a refresh gives a new refresh token, and the old one is refused from then on.
# Seen:   the old one gives new tokens again and again, until the access token of
#         its successor was used once, at UserInfo for instance. A client that only
#         refreshes, to learn whether the person is still welcome, and never uses
#         the access token leaves every refresh token of the session alive.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/doorkeeper-old-refresh-token-lives-until-the-new-one-is-used.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian packages and what they need, unpacked here: nothing is installed.
mkdir -p archives/partial
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install \
	ruby-doorkeeper-openid-connect=1.8.0-1 ruby-doorkeeper=5.5.0-2+deb12u1 ruby-rails ruby-sqlite3 >/dev/null
for package in archives/*.deb; do dpkg -x "$package" tree; done
lib=$(echo "$dir"/tree/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH="$lib"
export RUBYLIB="$dir/tree/usr/lib/ruby/vendor_ruby:$dir/tree/usr/lib/ruby/3.1.0:$lib/ruby/vendor_ruby/3.1.0:$lib/ruby/3.1.0"
export GEM_PATH="$dir/tree/usr/share/rubygems-integration/all:$dir/tree/usr/share/rubygems-integration/3.1.0:$dir/tree/usr/lib/ruby/gems/3.1.0:$lib/rubygems-integration/3.1.0"

cat >probe.rb <<'EOF'
require 'base64'
require 'digest'
require 'json'
require 'openssl'
require 'rails'
require 'action_controller/railtie'
require 'active_record/railtie'
require 'action_dispatch/testing/integration'
require 'sqlite3'
require 'doorkeeper'
require 'doorkeeper/openid_connect'

BACK = 'https://client.example/back'.freeze

class Site < Rails::Application
  config.root = Dir.pwd
  config.eager_load = false
  config.secret_key_base = SecureRandom.hex(32)
  config.logger = Logger.new(File::NULL)
  config.hosts.clear
end

class ApplicationController < ActionController::Base; end

# Whoever comes here has signed in, and is counted.
class SignInController < ApplicationController
  cattr_accessor :times, default: 0

  def show
    self.class.times += 1
    Person.first.update!(since: Time.zone.now)
    session[:person] = Person.first.id
    redirect_to params[:next]
  end
end

ENV['DATABASE_URL'] = 'sqlite3::memory:'
Site.initialize!
ActiveRecord::Migration.verbose = false
ActiveRecord::Schema.define do
  create_table(:people) { |t| t.datetime :since }
  create_table(:oauth_applications) do |t|
    %i[name uid secret redirect_uri scopes].each { |name| t.string name, null: false, default: '' }
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table(:oauth_access_grants) do |t|
    %i[resource_owner_id application_id expires_in].each { |name| t.integer name }
    %i[token redirect_uri scopes code_challenge code_challenge_method].each { |name| t.string name }
    %i[created_at revoked_at].each { |name| t.datetime name }
  end
  create_table(:oauth_access_tokens) do |t|
    %i[resource_owner_id application_id expires_in].each { |name| t.integer name }
    %i[token refresh_token scopes].each { |name| t.string name }
    t.string :previous_refresh_token, null: false, default: ''
    %i[created_at revoked_at].each { |name| t.datetime name }
  end
  create_table(:oauth_openid_requests) do |t|
    t.integer :access_grant_id
    t.string :nonce
  end
end

class Person < ActiveRecord::Base; end

Doorkeeper.configure do
  orm :active_record
  use_refresh_token
  default_scopes :openid
  optional_scopes :email
  skip_authorization { true }
  resource_owner_authenticator do
    person = Person.find_by(id: session[:person])
    redirect_to("/sign-in?#{{ next: request.fullpath }.to_query}") unless person
    person
  end
end

Doorkeeper::OpenidConnect.configure do
  issuer 'https://provider.example'
  protocol { :https }
  signing_key OpenSSL::PKey::RSA.new(2048).to_pem
  resource_owner_from_access_token { |token| Person.find_by(id: token.resource_owner_id) }
  auth_time_from_resource_owner(&:since)
  reauthenticate_resource_owner { |_, return_to| redirect_to("/sign-in?#{{ next: return_to }.to_query}") }
  subject { |person, _| person.id }
end

Site.routes.draw do
  use_doorkeeper
  use_doorkeeper_openid_connect
  get '/sign-in', to: 'sign_in#show'
end

Person.create!
Doorkeeper::Application.create!(name: 'client', uid: 'client', secret: 'secret', redirect_uri: BACK, scopes: 'openid email')
PERSON = ActionDispatch::Integration::Session.new(Site)
PERSON.https!
PERSON.host! 'provider.example'

# What the browser is told in the end: the client's address, or a page.
def authorize(**more)
  verifier = SecureRandom.urlsafe_base64(32)
  PERSON.get("/oauth/authorize?#{{ client_id: 'client', response_type: 'code', redirect_uri: BACK, scope: 'openid', state: 'a state', nonce: SecureRandom.hex,
                                   code_challenge: Base64.urlsafe_encode64(Digest::SHA256.digest(verifier), padding: false), code_challenge_method: 'S256', **more }.to_query}")
  PERSON.follow_redirect! while PERSON.response.redirect? && !PERSON.response.location.start_with?(BACK)
  back = PERSON.response.redirect? ? Rack::Utils.parse_query(URI(PERSON.response.location).query) : {}
  [back, verifier]
end

def token(**form)
  PERSON.post('/oauth/token', params: { client_id: 'client', client_secret: 'secret', **form })
  [PERSON.response.status, JSON.parse(PERSON.response.body)]
end

def sign_in
  back, verifier = authorize
  token(grant_type: 'authorization_code', code: back['code'], redirect_uri: BACK, code_verifier: verifier)[1]
end

first = sign_in
answers = {}
_, second = token(grant_type: 'refresh_token', refresh_token: first['refresh_token'])
answers['the old one, right after'] = token(grant_type: 'refresh_token', refresh_token: first['refresh_token'])
_, third = token(grant_type: 'refresh_token', refresh_token: second['refresh_token'])
answers['the oldest, two refreshes later'] = token(grant_type: 'refresh_token', refresh_token: first['refresh_token'])
PERSON.get('/oauth/userinfo', headers: { 'Authorization' => "Bearer #{third['access_token']}" })
abort 'UserInfo was refused' unless PERSON.response.status == 200
answers['its predecessor, once the last access token was used'] = token(grant_type: 'refresh_token', refresh_token: second['refresh_token'])
answers.each { |name, (status, json)| puts "#{name}: #{status}, #{json['error'] || 'new tokens'}" }
EOF

tree/usr/bin/ruby3.1 -W0 probe.rb | tee seen
cat >expected <<'EOF'
the old one, right after: 200, new tokens
the oldest, two refreshes later: 200, new tokens
its predecessor, once the last access token was used: 400, invalid_grant
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
