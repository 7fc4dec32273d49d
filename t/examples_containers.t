#!/usr/bin/perl

# What runs in no test for want of an engine: Dockerfile, compose file and the
# objects for Kubernetes are well formed, agree with each other and with their
# nginx.conf, which t/examples.t runs, and hold no secret.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use Zoom::Process qw(slurp);

BEGIN {
    plan skip_all => 'YAML::XS (libyaml-libyaml-perl) is not installed'
        if !eval { require YAML::XS };
}

my $top = abs_path(dirname(__FILE__) . '/..');
my $docker = "$top/examples/docker";
my $kubernetes = "$top/examples/kubernetes";
my $conf = slurp("$docker/nginx.conf");

my @secrets = sort keys %{ { map { $_ => 1 }
                             $conf =~ m{file:/run/secrets/(\w+)}g } };
my %location = map { $_ => 1 } $conf =~ m{location = (\S+)}g;
my ($port) = $conf =~ /listen\s+(\d+);/;


subtest 'Dockerfile' => sub {
    my $text = slurp("$docker/Dockerfile");

    (my $joined = $text) =~ s/\\\n\s*/ /g;

    my @steps = map { [split ' ', $_, 2] }
                grep { /\S/ && !/^#/ } split /\n/, $joined;
    my @words = map { $_->[0] } @steps;

    is(join(' ', grep { !/^(?:FROM|RUN|COPY|USER|EXPOSE|STOPSIGNAL
                              |ENTRYPOINT)$/x } @words), '',
       'instructions that leave nothing in the environment');
    is(scalar(grep { $_ eq 'FROM' } @words), 2, 'two stages');

    my ($user) = map { $_->[1] } grep { $_->[0] eq 'USER' } @steps;
    my ($expose) = map { $_->[1] } grep { $_->[0] eq 'EXPOSE' } @steps;

    is($user, '101:101', 'not root');
    is($expose, $port, 'the port of nginx.conf');
    is_deeply([grep { !-e "$top/$_" } map { $_->[1] =~ /^(\S+) / }
               grep { $_->[0] eq 'COPY' && $_->[1] !~ /^--from/ } @steps],
              [], 'what it copies is there');
    like(slurp("$docker/Dockerfile.dockerignore"),
         qr{^examples/docker/secrets$}m, 'but no secrets');

    # the same libraries that the packages are built with
    my ($depends) = slurp("$top/debian/control")
                    =~ /^Build-Depends:(.*?)^\S/ms;
    my @missing = grep { !/^debhelper/ && index($text, $_) < 0 }
                  $depends =~ /(lib\w[\w.-]*-dev)(?=\s*[|,\n])/g;

    is(join(' ', grep { !/libluajit/ } @missing), '',
       'it builds with what packages are built with');
};


subtest 'compose.yaml' => sub {
    my $compose = YAML::XS::Load(slurp("$docker/compose.yaml"));
    my $service = $compose->{services}{zoom};

    is(join(' ', sort @{ $service->{secrets} }), "@secrets",
       'the secrets of nginx.conf');
    is(join(' ', sort keys %{ $compose->{secrets} }), "@secrets",
       'and where they come from');
    is_deeply([grep { !exists $_->{file} } values %{ $compose->{secrets} }],
              [], 'files');
    ok(!exists $service->{environment}, 'none in the environment');
    ok($service->{read_only}, 'a read-only root');
    is($service->{user}, '101:101', 'not root');
    like($service->{ports}[0], qr/:$port$/, 'the port of nginx.conf');
    ok(-e "$docker/$service->{build}{context}/$service->{build}{dockerfile}",
       'its Dockerfile');
};


subtest 'kubernetes' => sub {
    my $all = YAML::XS::Load(slurp("$kubernetes/kustomization.yaml"));
    my %object;

    is(join(' ', sort @{ $all->{resources} }, 'kustomization.yaml'),
       join(' ', sort map { s{.*/}{}r } glob "$kubernetes/*.yaml"),
       'every file is in the kustomization');

    for (@{ $all->{resources} }) {
        my $o = YAML::XS::Load(slurp("$kubernetes/$_"));

        $object{ $o->{kind} } = $o;
        ok($o->{apiVersion} && $o->{metadata}{name}, "$_: an object");
    }

    my $spec = $object{Deployment}{spec}{template}{spec};
    my ($nginx) = @{ $spec->{containers} };

    is(join(' ', sort keys %{ $object{Secret}{stringData} }), "@secrets",
       'the secrets of nginx.conf');
    is(join(' ', grep { !/^(?:Bearer )?REPLACE-ME$/ }
            values %{ $object{Secret}{stringData} }), '', 'without a value');

    my $same = $object{ConfigMap}{data}{'nginx.conf'} =~ s/^ +share .*\n//mr;

    is($same, $conf, 'the nginx.conf that was tried');
    is($object{Deployment}{spec}{replicas}, 2, 'two replicas');
    like($object{ConfigMap}{data}{'nginx.conf'}, qr/share\s+50%;/,
         'which share the limits');

    for (qw(readinessProbe livenessProbe)) {
        my $get = $nginx->{$_}{httpGet};

        ok($location{ $get->{path} // '' }, "$_: a location of nginx.conf");
        is($get->{port}, $nginx->{ports}[0]{name}, "$_: the port");
    }

    isnt($nginx->{readinessProbe}{httpGet}{path},
         $nginx->{livenessProbe}{httpGet}{path}, 'two different questions');
    is($nginx->{ports}[0]{containerPort}, $port, 'the port of nginx.conf');

    my %mount = map { $_->{name} => $_ } @{ $nginx->{volumeMounts} };

    is(join(' ', sort map { $_->{name} } @{ $spec->{volumes} }),
       join(' ', sort keys %mount), 'each volume is mounted');
    is($mount{secrets}{mountPath}, '/run/secrets', 'secrets where they are');
    is($spec->{securityContext}{fsGroup}, 101, 'fsGroup');
    ok($nginx->{securityContext}{readOnlyRootFilesystem},
       'a read-only root');

    my $labels = $object{Deployment}{spec}{template}{metadata}{labels};

    is_deeply($_, $labels, 'the labels of the pods')
        for $object{Deployment}{spec}{selector}{matchLabels},
            $object{Service}{spec}{selector},
            $object{PodDisruptionBudget}{spec}{selector}{matchLabels};
    is($object{Service}{spec}{ports}[0]{targetPort},
       $nginx->{ports}[0]{name}, 'the port of the service');
};


done_testing();
