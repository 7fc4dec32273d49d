package Zoom::Platform;

# The four platforms as clients: each asks as the platform does, and takes or
# leaves the answer as the platform would.  Written from their public code and
# documentation; nothing of the module is known here but a URL and a secret.
#
#     my $recall = Zoom::Platform->recall(port => $port, secret => $whsec);
#     my $got = $recall->fetch('/zak?key=...');
#
# What comes back has "token" or "tokens", or "failed" with the platform's own
# words; "calls" are the requests that were made.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(encode_base64);

use Zoom::Attendee qw(sign callback);
use Zoom::HTTP qw(http);
use Zoom::Webhooks qw(webhook);

my $json = JSON::PP->new->utf8->canonical;
my $bots = 0;


sub new_bot { return sprintf 'bot_%08x%08x', time, ++$bots }


sub attendee    { return made('Attendee', @_) }
sub recall      { return made('Recall', @_) }
sub meeting_baas { return made('MeetingBaaS', @_) }
sub meetstream  { return made('MeetStream', @_) }

sub made {
    my ($kind, undef, %o) = @_;

    return bless { %o }, "Zoom::Platform::$kind";
}


# One request; its seconds count towards the platform's patience.
sub call {
    my ($self, %o) = @_;
    my $r = http(port => $self->{port}, %o);

    push @{ $self->{calls} }, $r;
    return $r;
}


# 1 if the answer came in time; a redirect is an answer like any other.
sub in_time {
    my ($self, $r) = @_;

    return !$r->error && $r->took < $self->patience;
}


# A bare token: what a header or a URL could carry as it is.
sub bare {
    my ($r) = @_;

    return $r->body =~ /\A([\x21-\x7e]+)\z/ ? $1 : undef;
}


sub result {
    my ($self, %o) = @_;

    return { %o, calls => delete $self->{calls} // [] };
}


# "a" and the rest of a query, whatever the URL has already.
sub with_query {
    my ($path, @pairs) = @_;

    while (my ($name, $value) = splice @pairs, 0, 2) {
        $value =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
        $path .= ($path =~ /\?/ ? '&' : '?') . "$name=$value";
    }

    return $path;
}


package Zoom::Platform::Attendee;

# One POST; whatever goes wrong, the bot joins without a word.

our @ISA = ('Zoom::Platform');

use constant patience => 30;

# Its answer's members, in which each may be a list with commas.
my @MEMBERS = qw(zak_token join_token app_privilege_token onbehalf_token);


sub fetch {
    my ($self, $path, %o) = @_;
    my $body = $o{body} // Zoom::Attendee::callback(
        bot_id => '"' . ($o{bot_id} // Zoom::Platform::new_bot()) . '"',
        %{ $o{members} // {} });

    my @headers = (
        'User-Agent'          => 'python-requests/2.32.3',
        'Accept-Encoding'     => 'gzip, deflate',
        'Accept'              => '*/*',
        'Content-Type'        => 'application/json',
        'X-Webhook-Signature' => Zoom::Attendee::sign($self->{secret}, $body),
    );

    push @headers, Authorization => 'Basic '
        . MIME::Base64::encode_base64($self->{basic}, '') if $self->{basic};

    my $r = $self->call(path => $path, body => $body, headers => \@headers);

    return $self->judge($r);
}


sub judge {
    my ($self, $r) = @_;

    return $self->result(failed => 'anonymous: no answer')
        if !$self->in_time($r);
    return $self->result(failed => 'anonymous: ' . $r->status)
        if $r->status !~ /^2/;

    my $answer = eval { $json->decode($r->body) };

    return $self->result(failed => 'anonymous: no JSON object')
        if ref $answer ne 'HASH';

    my %tokens;

    for my $name (@MEMBERS) {
        my $value = $answer->{$name};

        next if !defined $value;
        return $self->result(failed => "anonymous: $name is no string")
            if ref $value || $value !~ /\S/;

        # Taken as it is: the SDK gets every space and newline, too.
        $tokens{$name} = [split /,/, $value];
        return $self->result(failed => "SDK: a broken $name")
            if grep { !/\A[\x21-\x7e]+\z/ } @{ $tokens{$name} };
    }

    return $self->result(failed => 'anonymous: no token') if !%tokens;
    return $self->result(tokens => { map { ($_ => $tokens{$_}[0]) }
                                     keys %tokens });
}


package Zoom::Platform::Recall;

# A GET, signed once the workspace has a secret.

our @ISA = ('Zoom::Platform');

use constant patience => 30;


sub request {
    my ($self, $path, %o) = @_;
    my @headers = ('User-Agent' => 'recall', Accept => '*/*');

    push @headers, Zoom::Webhooks::webhook($self->{secret},
                                           %{ $o{webhook} // {} })
        if $self->{secret};

    return (path => $path, headers => \@headers);
}


sub fetch {
    my ($self, $path, %o) = @_;

    return $self->judge($self->call($self->request($path, %o)));
}


sub judge {
    my ($self, $r) = @_;
    my $type = $r->header('Content-Type') // '';

    return $self->result(failed => 'bot error: no answer')
        if !$self->in_time($r);
    return $self->result(failed => 'bot error: ' . $r->status)
        if $r->status != 200;
    return $self->result(failed => "bot error: $type")
        if $type !~ m{^text/plain\b};

    my $token = Zoom::Platform::bare($r);

    return $self->result(failed => 'bot error: no bare token')
        if !defined $token || $token =~ /^[\[{"]/;
    return $self->result(token => $token);
}


package Zoom::Platform::MeetingBaaS;

# A GET that tells the bot and what its maker wanted to come along.

our @ISA = ('Zoom::Platform');

use constant patience => 15;


sub fetch {
    my ($self, $path, %o) = @_;
    my @query = ($self->{id_name} // 'bot_uuid',
                 $o{bot_id} // Zoom::Platform::new_bot());

    push @query, extra => ref $o{extra} ? $json->encode($o{extra})
                                        : $o{extra} if defined $o{extra};

    my $r = $self->call(path => Zoom::Platform::with_query($path, @query));

    return $self->judge($r);
}


sub judge {
    my ($self, $r) = @_;
    my $token = Zoom::Platform::bare($r);

    return $self->result(failed => 'ZOOM_ACCESS_TOKEN_ERROR')
        if !$self->in_time($r) || $r->status != 200 || !defined $token
           || $token =~ /^[\[{"]/;
    return $self->result(token => $token);
}


package Zoom::Platform::MeetStream;

# A GET, and a POST where that is not what the other side does.

our @ISA = ('Zoom::Platform');

use constant patience => 30;


sub fetch {
    my ($self, $path, %o) = @_;
    my $bot = $o{bot_id} // Zoom::Platform::new_bot();
    my @headers = ('X-Bot-Id' => $bot);
    my %body = (bot_id => $bot);

    push @headers, 'X-Webhook-Secret' => $self->{secret} if $self->{secret};

    if ($o{meeting_number}) {
        $body{meeting_number} = $o{meeting_number};
        $path = Zoom::Platform::with_query($path, meeting_number =>
                                           $o{meeting_number});
    }

    my $r = $self->call(path => $path, headers => \@headers);
    my $got = $self->judge($r);

    return $self->result(%$got) if !$got->{unusable};

    $r = $self->call(path => $path, body => $json->encode(\%body), headers =>
                     [@headers, 'Content-Type' => 'application/json']);
    $got = $self->judge($r);

    return $self->result($got->{unusable} ? (failed => 'no usable body')
                                          : %$got);
}


# A JSON object must have one of the names; text is long, or no token.
sub judge {
    my ($self, $r) = @_;

    return { failed => 'no answer' } if !$self->in_time($r);
    return { unusable => 1 } if $r->status == 405;
    return { failed => 'fatal: ' . $r->status } if $r->status !~ /^2/;

    my $answer = eval { $json->decode($r->body) };

    if (ref $answer) {
        return { unusable => 1 } if ref $answer ne 'HASH';

        my ($token) = grep { defined && !ref && /\S/ }
                      @$answer{qw(token zak obf)};

        return defined $token ? { token => $token } : { unusable => 1 };
    }

    my $token = Zoom::Platform::bare($r) // '';

    return length $token > 50 ? { token => $token } : { unusable => 1 };
}


1;
