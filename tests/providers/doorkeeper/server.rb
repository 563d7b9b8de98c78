# SPDX-License-Identifier: Apache-2.0
#
# Doorkeeper with doorkeeper-openid_connect on a site of its own, with the
# people and clients of the tests: what its one argument says, as JSON. The
# login page signs in whom the request names. It ends with its input.

require 'json'
require 'openssl'
require 'securerandom'
require 'rails'
require 'action_controller/railtie'
require 'active_record/railtie'
require 'sqlite3'
require 'webrick'
require 'rack/handler/webrick'
require 'doorkeeper'
require 'doorkeeper/openid_connect'

TOLD = JSON.parse(ARGV[0])
new_key = -> { OpenSSL::PKey::RSA.new(2048).to_pem }

class Site < Rails::Application
  config.root = TOLD['dir']
  config.eager_load = false
  config.secret_key_base = SecureRandom.hex(32)
  config.logger = Logger.new(File::NULL)
  config.hosts.clear
  config.consider_all_requests_local = true
end

class ApplicationController < ActionController::Base; end

class SignInController < ApplicationController
  def show
    session[:person] = params[:person]
    Person.find_by(name: params[:person]).update!(since: Time.zone.now)
    redirect_to params[:next]
  end
end

ENV['DATABASE_URL'] = "sqlite3:#{TOLD['dir']}/database"
Site.initialize!

ActiveRecord::Migration.verbose = false
ActiveRecord::Schema.define do
  create_table(:people) do |t|
    t.string :name
    t.string :email
    t.boolean :email_verified
    t.string :groups
    t.datetime :since
  end
  create_table(:oauth_applications) do |t|
    t.string :name, null: false
    t.string :uid, null: false
    t.string :secret, null: false
    t.text :redirect_uri
    t.string :scopes, null: false, default: ''
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table(:oauth_access_grants) do |t|
    t.integer :resource_owner_id, null: false
    t.integer :application_id, null: false
    t.string :token, null: false
    t.integer :expires_in, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ''
    t.datetime :created_at, null: false
    t.datetime :revoked_at
    t.string :code_challenge
    t.string :code_challenge_method
  end
  create_table(:oauth_access_tokens) do |t|
    t.integer :resource_owner_id
    t.integer :application_id, null: false
    t.string :token, null: false
    t.string :refresh_token
    t.integer :expires_in
    t.string :scopes
    t.datetime :created_at, null: false
    t.datetime :revoked_at
    t.string :previous_refresh_token, null: false, default: ''
  end
  create_table(:oauth_openid_requests) do |t|
    t.integer :access_grant_id, null: false
    t.string :nonce, null: false
  end
end

# As Doorkeeper's guide has it: whoever goes takes the tokens along.
class Person < ActiveRecord::Base
  has_many :access_tokens, class_name: 'Doorkeeper::AccessToken', foreign_key: :resource_owner_id, dependent: :delete_all
end

Doorkeeper.configure do
  orm :active_record
  use_refresh_token
  default_scopes :openid
  optional_scopes :profile, :email, :groups
  skip_authorization { true }
  force_ssl_in_redirect_uri false
  resource_owner_authenticator do
    person = Person.find_by(name: session[:person])
    redirect_to("/login?#{{ next: request.fullpath }.to_query}") unless person
    person
  end
end

Doorkeeper::OpenidConnect.configure do
  issuer TOLD['origin']
  protocol { :https }
  signing_key new_key.call
  resource_owner_from_access_token { |token| Person.find_by(id: token.resource_owner_id) }
  auth_time_from_resource_owner(&:since)
  reauthenticate_resource_owner do |_, return_to|
    session.delete(:person)
    redirect_to("/login?#{{ next: return_to }.to_query}")
  end
  subject { |person, _| "sub-#{person.id}" }
  claims do
    claim(:email, scope: :email) { |person| person.email }
    claim(:email_verified, scope: :email) { |person| person.email_verified }
    claim(:name, scope: :profile) { |person| person.name }
    claim(:groups, scope: :groups) { |person| JSON.parse(person.groups) }
  end
end

Site.routes.draw do
  use_doorkeeper
  use_doorkeeper_openid_connect
  get '/login', to: proc { [200, { 'Content-Type' => 'text/html' }, ['sign in']] }
  get '/sign-in', to: 'sign_in#show'
end

TOLD['people'].each do |name, one|
  Person.create!(name: name, email: one['email'], email_verified: one['email_verified'], groups: one['groups'].to_json)
end
[['router', true], ['router-public', false]].each do |id, confidential|
  Doorkeeper::Application.create!(name: id, uid: id, secret: TOLD['secret'], redirect_uri: TOLD['callback'], confidential: confidential,
                                  scopes: 'openid profile email groups')
end

Thread.new do
  while (line = $stdin.gets)
    if line.strip == 'rotate'
      key = new_key.call
      Doorkeeper::OpenidConnect.configuration.instance_variable_set(:@signing_key, key)
    else
      Person.find_by(name: line.strip).destroy
    end
    puts 'ok'
    $stdout.flush
  end
  exit!
end
Rack::Handler::WEBrick.run(Site, Host: '127.0.0.1', Port: TOLD['inner'], Logger: WEBrick::Log.new(File::NULL), AccessLog: [])
