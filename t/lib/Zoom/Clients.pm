package Zoom::Clients;

# Runs what is in t/clients, and says what has to come of it.
#
#     my $clients = Zoom::Clients->new(
#         dir => $t->dir, secret => FILE, ca => FILE,
#         rest => URL, graphql => URL, mcp => URL, download => URL,
#     );
#
# "head" is what HEAD is answered with, if not 200.
#
#     is_deeply($clients->run('fetch'), $clients->expected('fetch'));

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);

use Zoom::Process qw(spawn alive ended wait_for copy_of slurp spew);
use Zoom::Sandbox;

our $MCP = '@modelcontextprotocol/sdk@1.32.2';
our $RIVET = '@zoom/rivet@0.4.0';

my $home = abs_path(dirname(__FILE__) . '/../../clients');

# Of programs there may be several, and one that is no good.
my @pythons = ('/usr/bin/python3', 'python3');


sub new {
    my ($class, %o) = @_;

    return bless { %o }, $class;
}


sub python {
    for my $python (@pythons) {
        return $python
            if system("$python -c 'import requests' 2> /dev/null") == 0;
    }

    return;
}


# Why a client can't be run, or nothing.
sub missing {
    my ($self, $name) = @_;

    return 'python3-requests is not installed'
        if $name eq 'requests' && !python();
    return 'node is not there'
        if $name eq 'fetch' && system('node -e "fetch" 2> /dev/null') != 0;

    return;
}


# Scripts of Node's find packages beside them.
sub argv {
    my ($self, $name) = @_;

    return ('sh', "$home/curl.sh") if $name eq 'curl';
    return (python(), "$home/python.py") if $name eq 'requests';

    my $dir = $self->{npm} ? $self->{npm}->dir : $self->{dir};

    spew("$dir/$name.mjs", slurp("$home/$name.mjs"));
    return ('node', "$dir/$name.mjs");
}


# name => what came of it; "exit" and "said" where it failed.
sub run {
    my ($self, $name) = @_;
    my $output = "$self->{dir}/$name.out";

    unlink $output;

    my $pid = spawn(
        name => $name, output => $output, argv => [$self->argv($name)],
        env  => {
            ZOOM_REST           => $self->{rest},
            ZOOM_GRAPHQL        => $self->{graphql} // '',
            ZOOM_MCP            => $self->{mcp} // '',
            ZOOM_DOWNLOAD       => $self->{download} // '',
            ZOOM_SECRET         => $self->{secret},
            NODE_EXTRA_CA_CERTS => $self->{ca},
            REQUESTS_CA_BUNDLE  => $self->{ca},
            SSL_CERT_FILE       => $self->{ca},
            NO_PROXY            => '*',
            no_proxy            => '*',
        },
    );

    wait_for(sub { !alive($pid) }, 90, $name);

    my $said = slurp($output);
    my %found = $said =~ /^(\w+)\t(.*)$/mg;

    @found{qw(exit said)} = (ended($pid), $said) if ended($pid);
    return \%found;
}


sub expected {
    my ($self, $name) = @_;

    return {
        server => 'zoom-sandbox', session => 'yes', terminated => 'yes',
        tools => 'echo,count,create_meeting', echo => "h\xc3\xa9llo",
        count => 'counted to 8 8 as they come', abort => 'yes', nobody => 401,
    } if $name eq 'mcp';

    my %common = (
        get    => '200 GET /meetings/{meetingId}',
        put    => '200 PUT /meetings/{meetingId}/status',
        patch  => '200 PATCH /meetings/{meetingId}',
        delete => '200 DELETE /meetings/{meetingId}',
    );

    return {
        %common,
        query   => '200 occurrence_id=a+b',
        post    => '201 POST /users/{userId}/meetings',
        unknown => 'ApiResponseError [404/1001]: "User does not exist: '
                   . 'nobody@example.com."',
        list    => '200 4',
        uuid    => '200 GET /past_meetings/{meetingId}',
        once    => $self->{once}
                   // 'ApiResponseError [404/3001]: "Meeting does not exist: '
                      . '/ajXp112QmuoKj4854875//==."',
        option  => $self->{option}
                   // 'ApiResponseError [404/2300]: '
                      . '"This API endpoint is not recognized."',
    } if $name eq 'rivet';

    my $content = Zoom::Sandbox->content(0, 2_500_000);
    my %more;

    $more{graphql} = '200 users' if $self->{graphql};

    if ($self->{download}) {
        $more{download} = '200 ' . sha256_hex($content);
        $more{range} = '206 ' . unpack 'H*', substr $content, 999_990, 31;
    }

    return {
        %common, %more,
        uuid     => '200 GET /past_meetings/{meetingId}',
        query    => '200 a=%20b&c=d+e&a=2',
        post     => '201 whole',
        upload   => '201 whole',
        unknown  => '404 1001',
        nobody   => '401',
        head     => ($self->{head} // 200) . ' 0',
        events   => '200 8 as they come',
    };
}


# What the stand-in has to be told first.
sub commands {
    return ({ account => { all_scopes => 1 } },
            { match => 'rest', path => '/meetings/8888888888', mode => 'sse',
              count => 8, ms => 50 });
}


1;
