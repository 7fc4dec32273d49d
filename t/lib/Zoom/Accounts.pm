package Zoom::Accounts;

# Several accounts, each with an app of its own at the stand-in, and what is
# asked of them: for tests in which one fails and the others must not notice.

use strict;
use warnings;

use Exporter qw(import);

use Zoom::Test;

our @EXPORT = qw(accounts start bot call ask statuses lines);

my ($t, $zoom, @accounts);


# Once, with their names: the test, and the stand-in.
sub accounts {
    @accounts = @_;

    $t = Zoom::Test->new;
    $zoom = $t->zoom;

    return ($t, $zoom);
}


# A fresh nginx.  By account its parameters; "http" goes before them, "tokens"
# is how many OAuth calls its start makes, "timeout" how long callbacks wait,
# "zoom" more for the stand-in to do.
sub start {
    my (%o) = @_;

    $zoom->control({ reset => 1 }, { bots => 60 }, map {
        { app => { account_id => "$_-id", client_id => "$_-client" } }
    } @accounts);
    $zoom->control($o{zoom}) if $o{zoom};

    my $http = join '', map {
        $t->account($_, account_id => "$_-id", client_id => "$_-client",
                    %{ $o{$_} // {} })
    } @accounts;

    my $timeout = $o{timeout} // '5s';
    my $locations = join '', map { <<"EOC" } @accounts;
        location = /$_ {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_reuse         0;
            zoom_timeout       $timeout;
        }
        location = /$_/cold {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_use_stale     off;
            zoom_timeout       3s;
        }
        location = /$_/bare {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_reuse         0;
            zoom_use_stale     off;
            zoom_timeout       3s;
        }
        location = /$_/types {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_types         zak onbehalf local_recording live_streaming;
            zoom_allow_meeting 1;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_reuse         0;
            zoom_use_stale     off;
            zoom_timeout       3s;
        }
        location = /$_/health {
            zoom_health        $_;
            zoom_authenticate  off;
        }
EOC

    $locations .= <<'EOC';
        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

    my $nginx = $t->nginx(http => ($o{http} // '') . $http,
                          locations => $locations, reuseport => 1);

    # What is fetched at start is not what this is about.
    wait_for(sub { $zoom->oauth_calls >= ($o{tokens} // 1 + @accounts) }, 10,
             'access tokens');
    wait_for(sub { !$zoom->count(qw(concurrency oauth now)) }, 5, 'them all');

    return $nginx;
}


sub bot { return sprintf 'bot%04d@example.com', $_[0] }


sub call {
    my ($path, $n) = @_;

    return http_start(port => $t->port, path => "/$path?user=" . bot($n));
}


sub ask { return http_wait(call(@_)) }


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub lines {
    my ($pattern) = @_;

    return grep { /$pattern/ } split /\n/, $t->{nginx}[-1]->error_log;
}


1;
