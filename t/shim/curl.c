/*
 * libcurl as other versions of it are: preloaded into nginx, it says what the
 * environment wants.
 *
 *     SHIM_CODE     how the second transfer fails, and nothing comes of it
 *     SHIM_SILENT   a name, the look-up of which takes 20 seconds for nothing
 *     SHIM_TLS      what it runs with, as "OpenSSL/3.0.17"
 *     SHIM_VERSION  as in LIBCURL_VERSION_NUM
 *
 * Each option of a multi handle is told on stderr.  nginx takes the environment
 * away from its workers, so it is read at once.
 */

#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#undef curl_easy_setopt
#undef curl_multi_setopt


typedef CURLMsg *(*shim_read_pt)(CURLM *multi, int *left);
typedef CURLMcode (*shim_add_pt)(CURLM *multi, CURL *easy);
typedef int (*shim_names_pt)(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **found);
typedef CURLcode (*shim_easy_pt)(CURL *easy, CURLoption option, ...);
typedef CURLMcode (*shim_setopt_pt)(CURLM *multi, CURLMoption option, ...);
typedef curl_version_info_data *(*shim_info_pt)(CURLversion type);


static int       shim_code;
static unsigned  shim_version;

static char      shim_silent[256];
static char      shim_tls[64];

static unsigned  shim_added;
static CURL     *shim_failing;
static void     *shim_header;    /* what it would have been told to */
static void     *shim_write;


__attribute__((constructor)) static void
shim_start(void)
{
    const char  *value;

    value = getenv("SHIM_CODE");
    shim_code = value ? (int) strtol(value, NULL, 10) : 0;

    value = getenv("SHIM_SILENT");
    snprintf(shim_silent, sizeof(shim_silent), "%s", value ? value : "");

    value = getenv("SHIM_TLS");
    snprintf(shim_tls, sizeof(shim_tls), "%s", value ? value : "");

    value = getenv("SHIM_VERSION");
    shim_version = value ? (unsigned) strtoul(value, NULL, 16) : 0;
}


/* Of a function that has several types. */

static void
shim_find(const char *name, void *function, size_t size)
{
    void  *found;

    found = dlsym(RTLD_NEXT, name);

    if (found == NULL || size != sizeof(found)) {
        abort();
    }

    memcpy(function, &found, sizeof(found));
}


static size_t
shim_discard(char *data, size_t size, size_t n, void *userdata)
{
    (void) data;
    (void) userdata;

    return size * n;
}


CURLcode
curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    void          *value;
    va_list        args;
    shim_easy_pt   real;

    shim_find("curl_easy_setopt", &real, sizeof(real));

    va_start(args, option);
    value = va_arg(args, void *);
    va_end(args);

    if (option == CURLOPT_HEADERFUNCTION) {
        shim_header = value;

    } else if (option == CURLOPT_WRITEFUNCTION) {
        shim_write = value;
    }

    return real(easy, option, value);
}


static void
shim_listen(CURL *easy, void *header, void *write)
{
    shim_easy_pt  real;

    shim_find("curl_easy_setopt", &real, sizeof(real));

    real(easy, CURLOPT_HEADERFUNCTION, header);
    real(easy, CURLOPT_WRITEFUNCTION, write);
}


CURLMcode
curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    shim_add_pt  real;

    shim_find("curl_multi_add_handle", &real, sizeof(real));

    if (shim_code && ++shim_added == 2) {
        shim_failing = easy;
        shim_listen(easy, shim_discard, shim_discard);
    }

    return real(multi, easy);
}


CURLMsg *
curl_multi_info_read(CURLM *multi, int *left)
{
    CURLMsg       *msg;
    shim_read_pt   real;

    shim_find("curl_multi_info_read", &real, sizeof(real));

    msg = real(multi, left);

    if (msg && msg->easy_handle == shim_failing) {
        msg->data.result = (CURLcode) shim_code;

        shim_listen(shim_failing, shim_header, shim_write);
        shim_failing = NULL;
    }

    return msg;
}


CURLMcode
curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
    void            *value;
    va_list          args;
    shim_setopt_pt   real;

    shim_find("curl_multi_setopt", &real, sizeof(real));

    va_start(args, option);
    value = va_arg(args, void *);
    va_end(args);

    if ((int) option < CURLOPTTYPE_OBJECTPOINT) {
        fprintf(stderr, "shim: option %d is %ld\n", (int) option,
                (long) value);
    }

    return real(multi, option, value);
}


/* A resolver behind a network that swallows what is sent. */

int
getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **found)
{
    shim_names_pt  real;

    if (name && shim_silent[0] && strcmp(name, shim_silent) == 0) {
        fprintf(stderr, "shim: looking for %s\n", name);
        sleep(20);
        return EAI_AGAIN;
    }

    shim_find("getaddrinfo", &real, sizeof(real));

    return real(name, service, hints, found);
}


curl_version_info_data *
curl_version_info(CURLversion type)
{
    shim_info_pt                    real;
    curl_version_info_data         *info;
    static curl_version_info_data   ours;

    shim_find("curl_version_info", &real, sizeof(real));

    info = real(type);

    ours = *info;

    if (shim_version) {
        ours.version_num = shim_version;
        ours.version = "of a shim";
    }

    if (shim_tls[0]) {
        ours.ssl_version = shim_tls;
    }

    return &ours;
}
