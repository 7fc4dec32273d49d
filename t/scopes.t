#!/usr/bin/perl

# Scopes that an app lacks show when nginx starts, where Zoom tells them.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# The last one is switched on later.
my %scopes = (
    spare   => ['user:read:token:admin'],
    classic => ['user:read:admin', 'webinar_token:read:admin:local_recording'],
    lacking => ['user:read:user:admin', 'meeting:read:live_streaming_token:admin'],
    other   => ['user:read:token:admin'],
    witness => ['user:read:user:admin'],
);


sub cold {
    my (@control) = @_;

    $zoom->control({ reset => 1 }, map({
        { app => { account_id => "$_-id", client_id => "$_-client",
                   disabled => $_ eq 'witness' ? JSON::PP::true : undef,
                   scopes => $scopes{$_} } }
    } sort keys %scopes), @control);

    my $http = join '', map {
        $t->account($_, account_id => "$_-id", client_id => "$_-client")
    } sort keys %scopes;

    # What is never given needs nothing, and a variable may name any account: of
    # these "spare" is one that no location names.
    my $nginx = $t->nginx(http => $http, reuseport => 1, locations => <<'EOC');
        zoom_authenticate  off;
        zoom_user          owner@example.com;

        location = /classic {
            zoom_tokens         classic;
            zoom_types          zak local_recording;
            zoom_allow_meeting  1;
        }

        location = /lacking {
            zoom_tokens         lacking;
            zoom_types          live_streaming local_recording;
            zoom_allow_meeting  1;
        }

        location = /lacking/zak {
            zoom_tokens         lacking;
        }

        location = /other {
            zoom_tokens         other;
            zoom_types          zak local_archiving;
        }

        location = /witness {
            zoom_tokens         witness;
        }

        location = /any {
            zoom_tokens         $arg_account;
            zoom_types          onbehalf local_archiving;
            zoom_allow_meeting  1;
        }
EOC

    wait_for(sub { $zoom->oauth_calls > keys %scopes }, 10, 'tokens');

    return $nginx;
}


sub warnings_of {
    my ($nginx) = @_;
    my @said;

    for (grep { /\[warn\]/ } split /\n/, $nginx->error_log) {
        push @said, "$1 $2 $3"
            if /account "(\w+)": the app lacks a scope for "(\w+)".*scope (\S+)/;
    }

    @said = sort @said;
    return @said;
}


my @lacking = ('lacking local_recording meeting:read:local_recording_token:admin',
               'lacking zak user:read:token:admin',
               'spare local_archiving meeting:read:local_archiving_token:admin');


subtest 'at start' => sub {
    my $nginx = cold();

    ok(wait_for(sub { @lacking == warnings_of($nginx) }, 5), 'soon');
    is_deeply([warnings_of($nginx)], \@lacking, 'what is missing is named');

    is($t->get('/other')->status, 200, 'what is there works');
    $nginx->reload;
    ok(wait_for(sub { 2 * @lacking == warnings_of($nginx) }, 5),
       'once more after a reload');

    $t->over;
};


subtest 'what Zoom does not tell' => sub {
    my $nginx = cold({ oauth => { scope => 'missing' } });

    # What tells of another account has looked at these as well.
    $zoom->control({ oauth => { scope => undef } },
                   { app => { client_id => 'witness-client',
                              disabled => JSON::PP::false } });

    ok(wait_for(sub { $t->get('/witness'); warnings_of($nginx) }, 10),
       'the next answer has scopes');
    is_deeply([warnings_of($nginx)], ['witness zak user:read:token:admin'],
              'nothing is missed of those before');

    $t->over;
};


# An access token may have the scopes that its app had when it was made.
subtest 'what is added later' => sub {
    my $nginx = cold({ oauth => { bound => JSON::PP::true } });
    my $ask = sub { $t->get('/lacking/zak')->status };
    my $calls = $zoom->oauth_calls;
    my $end = time + 4;

    is($ask->(), 502, 'a scope is missing');
    is($t->get('/other')->status, 200, 'elsewhere it is not');

    my $others = 0;

    while (time < $end) {
        $others++ if $ask->() != 502;
    }

    is($others, 0, 'and stays so');
    cmp_ok($zoom->oauth_calls - $calls, '<=', 3, 'without a storm of tokens');

    $zoom->control({ app => { client_id => 'lacking-client',
                              scopes => ['user:read:token:admin'] } });

    ok(wait_for(sub { $ask->() == 200 }, 25), 'until it is added');
};


$t->finish;
