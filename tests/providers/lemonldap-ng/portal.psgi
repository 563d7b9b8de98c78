# SPDX-License-Identifier: Apache-2.0
# LemonLDAP::NG's portal with the people of the tests in its demonstration's place.
use strict;

# It loads a captcha even where none is shown, and that wants an image library.
package Lemonldap::NG::Portal::Captcha::None;
use Mouse;
extends 'Lemonldap::NG::Portal::Main::Plugin';
sub init { return 1 }
BEGIN { $INC{'Lemonldap/NG/Portal/Captcha/None.pm'} = __FILE__ }

package main;
use JSON;
use Lemonldap::NG::Portal;
use Lemonldap::NG::Portal::UserDB::Demo;

my $people = decode_json( $ENV{PEOPLE} );
%Lemonldap::NG::Portal::UserDB::Demo::demoAccounts = ();
%Lemonldap::NG::Portal::UserDB::Demo::demoGroups   = ();
for my $name ( keys %$people ) {
    $Lemonldap::NG::Portal::UserDB::Demo::demoAccounts{$name} =
      { uid => $name, cn => $name, mail => $people->{$name}->{email} };
    push @{ $Lemonldap::NG::Portal::UserDB::Demo::demoGroups{$_} }, $name
      for @{ $people->{$name}->{groups} };
}
Lemonldap::NG::Portal->run( {} );
