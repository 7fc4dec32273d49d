/* The zoom_store directive, and what "nginx -t" says about it. */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <grp.h>

#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_redis_url.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_store_conf.h"
#include "ngx_http_zoom_str.h"


#define NGX_HTTP_ZOOM_STORE_GROUPS  256


static char *ngx_http_zoom_store_place(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_store_conf_t *store);
static char *ngx_http_zoom_store_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_store_conf_t *store);
static char *ngx_http_zoom_store_key(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_store_conf_t *store);
static char *ngx_http_zoom_store_threads(ngx_conf_t *cf,
    ngx_http_zoom_store_conf_t *store);
static ngx_uint_t ngx_http_zoom_store_writable(ngx_conf_t *cf,
    const ngx_file_info_t *fi);
static ngx_uint_t ngx_http_zoom_store_member(const ngx_core_conf_t *ccf,
    gid_t gid);


char *
ngx_http_zoom_set_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf = conf;

    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_http_zoom_store_conf_t  *store;

    if (zmcf->store) {
        return "is duplicate";
    }

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_store_conf_t));
    if (store == NULL) {
        return NGX_CONF_ERROR;
    }

    store->sealing = ngx_http_zoom_secret_alloc(cf, sizeof(zoom_seal_t));
    if (store->sealing == NULL) {
        return NGX_CONF_ERROR;
    }

    store->sealing->n = 0;

    value = cf->args->elts;

    if (ngx_http_zoom_store_place(cf, &value[1], store) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_zoom_store_parameter(cf, &value[i], store)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (store->sealing->n == 0) {
        return "must have \"key=\", such as \"key=file:/etc/nginx/store_key\" "
               "with the base64 of 32 random bytes in it "
               "(openssl rand -base64 32)";
    }

    zmcf->store = store;

    if (store->redis) {
        return ngx_http_zoom_redis_finish(cf, store->redis);
    }

    return ngx_http_zoom_store_threads(cf, store);
}


static char *
ngx_http_zoom_store_place(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_store_conf_t *store)
{
    u_char  *p;

    if (ngx_http_zoom_redis_named(value)) {
        store->redis = ngx_http_zoom_redis_url(cf, value);

        return store->redis ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_strncmp(value->data, "sqlite:", 7) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid store \"%V\", it must be "
                           "\"sqlite:/path/to/store.db\" or "
                           "\"redis://host[:port][/database]\"", value);
        return NGX_CONF_ERROR;
    }

    store->path.data = value->data + 7;
    store->path.len = value->len - 7;

    if (store->path.len == 0 || store->path.data[0] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the path of \"%V\" must be absolute, such as "
                           "\"sqlite:/var/lib/nginx/zoom/store.db\"", value);
        return NGX_CONF_ERROR;
    }

    p = store->path.data + store->path.len - 1;

    if (*p == '/' || ngx_strchr(store->path.data, '?')) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the path of \"%V\" must name a file", value);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_store_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_store_conf_t *store)
{
    size_t      i, len;
    ngx_int_t   rc;
    ngx_str_t   key;

    static const char *const  remote[] = {
        "user=", "password=", "prefix=", "trusted_certificate=", "timeout=",
        NULL
    };

    if (ngx_strncmp(value->data, "key=", 4) == 0) {
        key.data = value->data + 4;
        key.len = value->len - 4;

        return ngx_http_zoom_store_key(cf, &key, store);
    }

    if (store->redis) {
        rc = ngx_http_zoom_redis_parameter(cf, value, store->redis);

        if (rc == NGX_DECLINED) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter of \"zoom_store\", it must "
                               "be \"key=\", \"user=\", \"password=\", "
                               "\"prefix=\", \"trusted_certificate=\" or "
                               "\"timeout=\"");
        }

        return (rc == NGX_OK) ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    for (i = 0; remote[i]; i++) {
        len = ngx_strlen(remote[i]);

        if (ngx_strncmp(value->data, remote[i], len) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "parameter \"%*s\" means nothing to a store in "
                               "SQLite", len, value->data);
            return NGX_CONF_ERROR;
        }
    }

    /* it may be a key without its name */

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter of \"zoom_store\", it must be "
                       "\"key=\" and a secret value");

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_store_key(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_store_conf_t *store)
{
    ngx_str_t    key;
    const char  *why;

    if (ngx_http_zoom_secret(cf, "key", value, 0, &key) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    why = zoom_seal_key(store->sealing, ngx_http_zoom_str(&key));

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the \"key\" of \"zoom_store\" %s, it must be the "
                           "base64 of 32 random bytes "
                           "(openssl rand -base64 32)", why);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_store_threads(ngx_conf_t *cf, ngx_http_zoom_store_conf_t *store)
{
#if (NGX_THREADS)

    store->thread_pool = ngx_thread_pool_add(cf, NULL);

    return store->thread_pool ? NGX_CONF_OK : NGX_CONF_ERROR;

#else

    return "needs threads: nginx, and this module with it, must be built "
           "\"--with-threads\"";

#endif
}


char *
ngx_http_zoom_store_check(ngx_conf_t *cf, ngx_http_zoom_store_conf_t *store)
{
    u_char           *p;
    ngx_err_t         err;
    ngx_str_t         dir;
    ngx_file_info_t   fi;

    if (store->redis) {
        return ngx_http_zoom_redis_find(cf, store->redis);
    }

    p = store->path.data + store->path.len;

    while (*--p != '/') { /* void */ }

    dir.len = ngx_max(p - store->path.data, 1);
    dir.data = ngx_pnalloc(cf->temp_pool, dir.len + 1);

    if (dir.data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_cpystrn(dir.data, store->path.data, dir.len + 1);

    if (ngx_file_info(dir.data, &fi) == NGX_FILE_ERROR) {
        err = ngx_errno;

        ngx_log_error(NGX_LOG_EMERG, cf->log, err,
                      "the directory \"%V\" of \"zoom_store\" can't be used: "
                      "make it, and give it to the user of the workers",
                      &dir);
        return NGX_CONF_ERROR;
    }

    if (!ngx_is_dir(&fi)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" of \"zoom_store\" is no directory", &dir);
        return NGX_CONF_ERROR;
    }

    if (!ngx_http_zoom_store_writable(cf, &fi)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the directory \"%V\" of \"zoom_store\" can't be "
                      "written by the user of the workers: give it to that "
                      "user", &dir);
        return NGX_CONF_ERROR;
    }

    if (ngx_file_info(store->path.data, &fi) != NGX_FILE_ERROR
        && !ngx_is_file(&fi))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" of \"zoom_store\" is no file", &store->path);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* By its mode, as the kernel would for that user, ACLs aside. */

static ngx_uint_t
ngx_http_zoom_store_writable(ngx_conf_t *cf, const ngx_file_info_t *fi)
{
    uid_t             uid;
    mode_t            needs;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    /* a "user" that comes later, or by default, is not known yet */

    if (geteuid() == 0 && ccf->user == (ngx_uid_t) NGX_CONF_UNSET_UINT) {
        return 1;
    }

    uid = (geteuid() == 0) ? ccf->user : geteuid();

    if (uid == 0) {
        return 1;
    }

    needs = S_IWOTH|S_IXOTH;

    if (fi->st_uid == uid) {
        needs = S_IWUSR|S_IXUSR;

    } else if (ngx_http_zoom_store_member(ccf, fi->st_gid)) {
        needs = S_IWGRP|S_IXGRP;
    }

    return (fi->st_mode & needs) == needs;
}


static ngx_uint_t
ngx_http_zoom_store_member(const ngx_core_conf_t *ccf, gid_t gid)
{
    int    n, i;
    gid_t  groups[NGX_HTTP_ZOOM_STORE_GROUPS];

    n = NGX_HTTP_ZOOM_STORE_GROUPS;

    if (geteuid() != 0) {
        n = getgroups(n, groups);

    } else if (ccf->group == gid) {
        return 1;

    } else if (ccf->username == NULL
               || getgrouplist(ccf->username, ccf->group, groups, &n) < 0)
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (groups[i] == gid) {
            return 1;
        }
    }

    return geteuid() != 0 && getegid() == gid;
}
