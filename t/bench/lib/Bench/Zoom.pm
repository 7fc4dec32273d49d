package Bench::Zoom;

# A stand-in for Zoom that is no brake: nginx with canned answers over TLS.  It
# knows every user, asks nobody for credentials, and signs nothing; what it
# answers has the form and the length of Zoom's.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);

use Bench::Side;
use Zoom::Process qw(free_ports spew);

my $home = abs_path(dirname(__FILE__) . '/../..');


sub jwt {
    my (%claims) = @_;

    return join '.', encode_base64url('{"alg":"HS256","typ":"JWT"}'),
                     encode_base64url(JSON::PP->new->canonical
                                      ->encode(\%claims)), 'x' x 43;
}


# dir => its own, large => bytes of what /v2/meetings/1 is.
sub start {
    my ($class, %o) = @_;
    my ($tls) = free_ports(1);

    mkdir $o{dir}, 0755;
    system("$home/../sandbox/certificates", $o{dir}) == 0
        or die "cannot make certificates\n";

    my $zak = jwt(aud => 'clientsm', uid => 'x' x 22, zid => 'x' x 32,
                  iss => 'web', sk => '0', sty => 1, wcd => 'us02',
                  exp => time + 7200, iat => time, aid => 'x' x 22,
                  cid => '', stk => 'x' x 200);
    my $access = jwt(exp => time + 3600, ver => 9, auid => 'x' x 64,
                     code => 'x' x 40, iss => 'zm:cid:' . 'x' x 22);

    truncate spew("$o{dir}/large", '', 0644), $o{large} // 0;

    my $server = Bench::Side->nginx(
        dir     => "$o{dir}/nginx",
        name    => 'Zoom that is no brake',
        modules => '',
        http    => '',
        server  => <<"EOC");
        listen 127.0.0.1:$tls ssl backlog=2048;
        ssl_certificate     $o{dir}/server.pem;
        ssl_certificate_key $o{dir}/server.key;
        access_log          off;
        keepalive_timeout   1h;

        location = /v2/meetings/1 {
            alias     $o{dir}/large;
            sendfile  on;
        }

        location /v2/meetings/ {
            return 200 '{"uuid":"aDYlohsHRtCd4ii1uC2+hA==",
            "id":85746065432,"host_id":"30R7kT7bTIKSNUFEuH_Qlg",
            "topic":"My Meeting","type":2,"status":"waiting",
            "start_time":"2026-03-25T07:29:29Z","duration":60,
            "timezone":"America/Los_Angeles",
            "created_at":"2026-03-25T06:29:29Z",
            "join_url":"https://example.com/j/11111"}';
        }

        location /v2/users/ { return 200 '{"token":"$zak"}'; }
        location = /oauth/token {
            return 200 '{"access_token":"$access","token_type":"bearer",
            "expires_in":3599,"scope":"user:read:token:admin",
            "api_url":"https://127.0.0.1:$tls"}';
        }
EOC

    return bless { %o, tls => $tls, server => $server, access => $access },
                 $class;
}


sub tls       { return $_[0]{tls} }
sub ca        { return "$_[0]{dir}/ca.pem" }
sub access    { return $_[0]{access} }
sub oauth_url { return "https://127.0.0.1:$_[0]{tls}/oauth/token" }
sub api_url   { return "https://127.0.0.1:$_[0]{tls}/v2" }
sub cpu       { return $_[0]{server}->cpu }
sub stop_it   { return $_[0]{server}->stop_it }


1;
