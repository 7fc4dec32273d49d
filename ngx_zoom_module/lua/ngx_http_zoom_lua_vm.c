/*
 * The virtual machine of routing scripts.
 *
 * A limit of steps needs the interpreter: compiled code calls no hook.  Once
 * over a limit the hook is called for each instruction and fails each time,
 * so that pcall() is of no help.
 */

#include "ngx_http_zoom_lua_vm.h"


/* instructions from hook to hook */
#define NGX_HTTP_ZOOM_LUA_PERIOD   100

/* and while the files are loaded, when nobody waits */
#define NGX_HTTP_ZOOM_LUA_LOADING  100000000

/* levels of a stack that are looked at, of which at most some are C */
#define NGX_HTTP_ZOOM_LUA_LEVELS   16

/* what a script that must end may still take, to say why */
#define NGX_HTTP_ZOOM_LUA_RESERVE  65536

/* a new block of so many bytes counts as one instruction */
#define NGX_HTTP_ZOOM_LUA_COPY     32

/* percent of what is alive: then it is looked at what is not */
#define NGX_HTTP_ZOOM_LUA_PAUSE    400

/*
 * Milliseconds at a stretch: a step may be a long one.  The processor's clock
 * decides, since a busy machine is no fault of the script's, and it is looked
 * at only when time has passed on the wall, since that is cheaper.
 */
#define NGX_HTTP_ZOOM_LUA_WALL     20
#define NGX_HTTP_ZOOM_LUA_CPU      40


static void *ngx_http_zoom_lua_vm_alloc(void *ud, void *p, size_t old,
    size_t size);
static int ngx_http_zoom_lua_vm_panic(lua_State *L);
static int ngx_http_zoom_lua_vm_called(lua_State *L);
static void ngx_http_zoom_lua_vm_watch(ngx_http_zoom_lua_vm_t *vm);
static int ngx_http_zoom_lua_vm_load(lua_State *L);
static void ngx_http_zoom_lua_vm_load_script(lua_State *L,
    ngx_http_zoom_lua_file_t *script, int env);
static void ngx_http_zoom_lua_vm_kill(ngx_http_zoom_lua_vm_t *vm,
    const char *why);
static void ngx_http_zoom_lua_vm_hook(lua_State *L, lua_Debug *ar);
static ngx_uint_t ngx_http_zoom_lua_vm_late(ngx_http_zoom_lua_vm_t *vm);
static ngx_msec_int_t ngx_http_zoom_lua_vm_since(clockid_t clock,
    struct timespec *then);
static int ngx_http_zoom_lua_vm_trace(lua_State *L);
static void ngx_http_zoom_lua_vm_trace_tail(lua_State *L,
    ngx_http_zoom_lua_vm_t *vm);
static ngx_uint_t ngx_http_zoom_lua_vm_in_script(lua_State *co);
static void ngx_http_zoom_lua_vm_say(ngx_http_zoom_lua_vm_t *vm,
    const char *text, size_t len);
static void ngx_http_zoom_lua_vm_say_top(ngx_http_zoom_lua_vm_t *vm,
    lua_State *L);
static void ngx_http_zoom_lua_vm_collect(ngx_http_zoom_lua_vm_t *vm);
static int ngx_http_zoom_lua_vm_collect_all(lua_State *L);


/* how the state's own allocator is called; the same for all states */

static lua_Alloc  ngx_http_zoom_lua_vm_own_alloc;


ngx_http_zoom_lua_vm_t *
ngx_http_zoom_lua_vm_create(ngx_http_zoom_lua_source_t *source,
    ngx_http_zoom_lua_env_pt environment, ngx_uint_t level,
    ngx_log_t *log)
{
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_calloc(sizeof(ngx_http_zoom_lua_vm_t), log);
    if (vm == NULL) {
        return NULL;
    }

    vm->source = source;
    vm->environment = environment;
    vm->log = log;
    vm->limit = source->memory;
    vm->block = source->memory / 8;
    vm->loading = 1;

    vm->state = luaL_newstate();

    if (vm->state == NULL) {
        ngx_log_error(level, log, 0, "LuaJIT could not be started");
        ngx_free(vm);
        return NULL;
    }

    /*
     * LuaJIT wants its memory where it can point at it, so its allocator
     * stays, and ours keeps the accounts.
     */

    ngx_http_zoom_lua_vm_own_alloc = lua_getallocf(vm->state, &vm->memory);
    vm->size = (size_t) lua_gc(vm->state, LUA_GCCOUNT, 0) * 1024;

    lua_setallocf(vm->state, ngx_http_zoom_lua_vm_alloc, vm);
    lua_atpanic(vm->state, ngx_http_zoom_lua_vm_panic);

    (void) luaJIT_setmode(vm->state, 0, LUAJIT_MODE_ENGINE|LUAJIT_MODE_OFF);
    (void) lua_gc(vm->state, LUA_GCSETPAUSE, NGX_HTTP_ZOOM_LUA_PAUSE);

    if (ngx_http_zoom_lua_vm_call(vm, ngx_http_zoom_lua_vm_load, NULL)
        != NGX_OK)
    {
        ngx_log_error(level, log, 0, "%*s", vm->len, vm->reason);
        ngx_http_zoom_lua_vm_destroy(vm);
        return NULL;
    }

    vm->log = ngx_cycle->log;
    vm->loading = 0;
    vm->floor = vm->size;

    return vm;
}


void
ngx_http_zoom_lua_vm_destroy(ngx_http_zoom_lua_vm_t *vm)
{
    lua_setallocf(vm->state, ngx_http_zoom_lua_vm_own_alloc, vm->memory);
    lua_close(vm->state);
    ngx_free(vm);
}


ngx_http_zoom_lua_vm_t *
ngx_http_zoom_lua_vm(lua_State *L)
{
    void  *vm;

    (void) lua_getallocf(L, &vm);

    return vm;
}


/* What is freed is wiped: tokens are strings like any other. */

static void *
ngx_http_zoom_lua_vm_alloc(void *ud, void *p, size_t old, size_t size)
{
    ngx_http_zoom_lua_vm_t  *vm = ud;

    void    *new;
    size_t   limit;

    if (size > old) {
        limit = vm->limit + (vm->dead ? NGX_HTTP_ZOOM_LUA_RESERVE : 0);

        if (vm->size - old + size > limit
            || (size > vm->block && !vm->loading))
        {
            ngx_http_zoom_lua_vm_kill(vm, "too much memory, see "
                                          "\"zoom_lua_memory\"");
            vm->retired = 1;
            return NULL;
        }

        vm->steps -= size / NGX_HTTP_ZOOM_LUA_COPY;
    }

    new = NULL;

    if (size) {
        new = ngx_http_zoom_lua_vm_own_alloc(vm->memory, NULL, 0, size);

        if (new == NULL) {
            ngx_http_zoom_lua_vm_kill(vm, "no memory");
            vm->retired = 1;
            return NULL;
        }

        if (p) {
            ngx_memcpy(new, p, ngx_min(old, size));
        }
    }

    if (p) {
        ngx_explicit_memzero(p, old);
        (void) ngx_http_zoom_lua_vm_own_alloc(vm->memory, p, old, 0);
    }

    vm->size = vm->size - old + size;

    return new;
}


/* All that may fail is called protected, so nobody comes here. */

static int
ngx_http_zoom_lua_vm_panic(lua_State *L)
{
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_http_zoom_lua_vm(L);

    ngx_log_error(NGX_LOG_ALERT, vm->log, 0, "zoom: LuaJIT panicked");

    return 0;
}


ngx_int_t
ngx_http_zoom_lua_vm_call(ngx_http_zoom_lua_vm_t *vm, lua_CFunction f,
    void *arg)
{
    int  rc, top;

    top = lua_gettop(vm->state);

    vm->arg = arg;
    vm->dead = NULL;
    vm->len = 0;
    vm->steps = NGX_HTTP_ZOOM_LUA_LOADING;

    ngx_http_zoom_lua_vm_watch(vm);

    if (vm->call_ref) {
        vm->function = f;
        lua_rawgeti(vm->state, LUA_REGISTRYINDEX, vm->call_ref);
        rc = lua_pcall(vm->state, 0, 0, 0);

    } else {
        rc = lua_cpcall(vm->state, f, NULL);
    }

    if (vm->dead && vm->len == 0) {
        ngx_http_zoom_lua_vm_say(vm, vm->dead, 0);

    } else if (rc != 0 && vm->len == 0) {
        ngx_http_zoom_lua_vm_say_top(vm, vm->state);
    }

    lua_settop(vm->state, top);

    return (rc == 0 && vm->dead == NULL) ? NGX_OK : NGX_ERROR;
}


/* A closure that is there already costs less than lua_cpcall()'s new one. */

static int
ngx_http_zoom_lua_vm_called(lua_State *L)
{
    return ngx_http_zoom_lua_vm(L)->function(L);
}


/* A period may begin in one run and end in the next. */

static void
ngx_http_zoom_lua_vm_watch(ngx_http_zoom_lua_vm_t *vm)
{
    if (lua_gethookcount(vm->state) != NGX_HTTP_ZOOM_LUA_PERIOD) {
        lua_sethook(vm->state, ngx_http_zoom_lua_vm_hook, LUA_MASKCOUNT,
                    NGX_HTTP_ZOOM_LUA_PERIOD);
    }
}


static int
ngx_http_zoom_lua_vm_load(lua_State *L)
{
    int                          env;
    ngx_uint_t                   i;
    ngx_http_zoom_lua_vm_t      *vm;
    ngx_http_zoom_lua_source_t  *source;

    vm = ngx_http_zoom_lua_vm(L);
    source = vm->source;

    vm->environment(L);
    env = lua_gettop(L);

    lua_createtable(L, source->scripts.nelts, 0);

    for (i = 0; i < source->scripts.nelts; i++) {

        /* "require" may make the array of files grow, not this one */

        ngx_http_zoom_lua_vm_load_script(L,
            (ngx_http_zoom_lua_file_t *) source->scripts.elts + i, env);

        lua_rawseti(L, -2, i + 1);
    }

    vm->scripts_ref = luaL_ref(L, LUA_REGISTRYINDEX);

    lua_pushcfunction(L, ngx_http_zoom_lua_vm_called);
    vm->call_ref = luaL_ref(L, LUA_REGISTRYINDEX);

    return 0;
}


static void
ngx_http_zoom_lua_vm_load_script(lua_State *L,
    ngx_http_zoom_lua_file_t *script, int env)
{
    const char  *name;

    name = lua_pushfstring(L, "@%s", (char *) script->name.data);

    if (luaL_loadbufferx(L, (char *) script->text.data, script->text.len,
                         name, "t")
        != 0)
    {
        lua_error(L);
    }

    lua_pushvalue(L, env);
    lua_setfenv(L, -2);
    lua_call(L, 0, 1);

    if (!lua_isfunction(L, -1)) {
        luaL_error(L, "%s: the script returns %s instead of a function",
                   script->name.data, luaL_typename(L, -1));
    }

    lua_remove(L, -2);
}


void
ngx_http_zoom_lua_vm_thread(lua_State *L, ngx_uint_t script,
    ngx_http_zoom_lua_thread_t *thread)
{
    lua_State               *co;
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_http_zoom_lua_vm(L);

    if (vm->idle) {
        co = vm->idle;
        thread->ref = vm->idle_ref;
        vm->idle = NULL;

    } else {
        co = lua_newthread(L);
        thread->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }

    thread->vm = vm;
    thread->co = co;
    thread->script = script;
    thread->over = 0;
    vm->threads++;

    lua_rawgeti(L, LUA_REGISTRYINDEX, vm->scripts_ref);
    lua_rawgeti(L, -1, script + 1);
    lua_pushvalue(L, -3);
    lua_xmove(L, co, 2);
    lua_pop(L, 2);
}


void
ngx_http_zoom_lua_vm_end(ngx_http_zoom_lua_thread_t *thread)
{
    ngx_http_zoom_lua_vm_t  *vm;

    vm = thread->vm;

    if (vm == NULL) {
        return;
    }

    vm->threads--;

    if (thread->over && vm->idle == NULL) {
        lua_settop(thread->co, 0);
        vm->idle = thread->co;
        vm->idle_ref = thread->ref;

    } else {
        luaL_unref(vm->state, LUA_REGISTRYINDEX, thread->ref);
    }

    thread->vm = NULL;
    thread->co = NULL;

    if (!vm->retired) {
        ngx_http_zoom_lua_vm_collect(vm);
    }
}


ngx_int_t
ngx_http_zoom_lua_vm_run(ngx_http_zoom_lua_thread_t *thread, int nargs)
{
    int                      rc;
    ngx_http_zoom_lua_vm_t  *vm;

    vm = thread->vm;

    vm->thread = thread;
    vm->steps = thread->steps;
    vm->dead = NULL;
    vm->len = 0;
    vm->clocked = 0;

    (void) clock_gettime(CLOCK_MONOTONIC, &vm->started);

    ngx_http_zoom_lua_vm_watch(vm);

    rc = lua_resume(thread->co, nargs);

    /* what was left of a period is not told */

    thread->steps = vm->steps - NGX_HTTP_ZOOM_LUA_PERIOD;

    if (vm->dead) {

        /* even if it made it to its end */

        if (vm->len == 0) {
            ngx_http_zoom_lua_vm_say(vm, vm->dead, 0);
        }

        vm->thread = NULL;
        return NGX_ERROR;
    }

    if (rc == 0 || rc == LUA_YIELD) {
        vm->thread = NULL;
        thread->over = (rc == 0);
        return rc == 0 ? NGX_OK : NGX_AGAIN;
    }

    ngx_http_zoom_lua_vm_say_top(vm, thread->co);

    vm->arg = thread->co;
    (void) lua_cpcall(vm->state, ngx_http_zoom_lua_vm_trace, NULL);
    lua_settop(vm->state, 0);

    vm->thread = NULL;

    return NGX_ERROR;
}


void
ngx_http_zoom_lua_vm_spend(lua_State *L, int64_t n)
{
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_http_zoom_lua_vm(L);

    vm->steps -= n;

    if (vm->steps < 0 || vm->dead) {
        ngx_http_zoom_lua_vm_hook(L, NULL);
    }
}


/* May be called from the allocator: allocates nothing. */

static void
ngx_http_zoom_lua_vm_kill(ngx_http_zoom_lua_vm_t *vm, const char *why)
{
    if (vm->dead == NULL) {
        vm->dead = why;
        lua_sethook(vm->state, ngx_http_zoom_lua_vm_hook, LUA_MASKCOUNT, 1);
    }
}


static void
ngx_http_zoom_lua_vm_hook(lua_State *L, lua_Debug *ar)
{
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_http_zoom_lua_vm(L);

    if (vm->dead == NULL) {

        if (ar) {
            vm->steps -= NGX_HTTP_ZOOM_LUA_PERIOD;
        }

        if (vm->steps < 0) {
            ngx_http_zoom_lua_vm_kill(vm, "too many instructions, see "
                                          "\"zoom_lua_instructions\"");

        } else if (!vm->loading && ngx_http_zoom_lua_vm_late(vm)) {
            ngx_http_zoom_lua_vm_kill(vm, "too long at a stretch");

        } else {
            return;
        }
    }

    /* the place where it was, which a pcall() would lose */

    if (vm->len == 0) {
        luaL_where(L, ar ? 0 : 1);
        ngx_http_zoom_lua_vm_say_top(vm, L);
        ngx_http_zoom_lua_vm_say(vm, vm->dead, 0);
        lua_pop(L, 1);

        vm->arg = L;
        (void) ngx_http_zoom_lua_vm_trace(L);
        lua_pop(L, 1);
    }

    lua_pushstring(L, vm->dead);
    lua_error(L);
}


static ngx_uint_t
ngx_http_zoom_lua_vm_late(ngx_http_zoom_lua_vm_t *vm)
{
    if (ngx_http_zoom_lua_vm_since(CLOCK_MONOTONIC, &vm->started)
        < NGX_HTTP_ZOOM_LUA_WALL)
    {
        return 0;
    }

    if (!vm->clocked) {
        vm->clocked = 1;
        (void) clock_gettime(CLOCK_THREAD_CPUTIME_ID, &vm->late);
        return 0;
    }

    return ngx_http_zoom_lua_vm_since(CLOCK_THREAD_CPUTIME_ID, &vm->late)
           > NGX_HTTP_ZOOM_LUA_CPU;
}


static ngx_msec_int_t
ngx_http_zoom_lua_vm_since(clockid_t clock, struct timespec *then)
{
    struct timespec  now;

    (void) clock_gettime(clock, &now);

    return (now.tv_sec - then->tv_sec) * 1000
           + (now.tv_nsec - then->tv_nsec) / 1000000;
}


/* Adds to the reason where it was, in one line. */

static int
ngx_http_zoom_lua_vm_trace(lua_State *L)
{
    const char              *text, *next;
    ngx_uint_t               first;
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_http_zoom_lua_vm(L);

    luaL_traceback(L, vm->arg, NULL, 0);

    text = lua_tostring(L, -1);
    text = strchr(text, '\n');

    for (first = 1; text; first = 0) {

        while (*text == '\n' || *text == '\t') {
            text++;
        }

        next = strchr(text, '\n');

        ngx_http_zoom_lua_vm_say(vm, first ? ", at " : " <- ", 0);
        ngx_http_zoom_lua_vm_say(vm, text, next ? (size_t) (next - text)
                                                : ngx_strlen(text));
        text = next;
    }

    ngx_http_zoom_lua_vm_trace_tail(L, vm);

    return 1;
}


/* "return f()" leaves nothing of where it stood, but who it was. */

static void
ngx_http_zoom_lua_vm_trace_tail(lua_State *L, ngx_http_zoom_lua_vm_t *vm)
{
    u_char     number[NGX_INT_T_LEN], *last;
    lua_Debug  ar;

    if (vm->thread == NULL || ngx_http_zoom_lua_vm_in_script(vm->arg)) {
        return;
    }

    lua_rawgeti(L, LUA_REGISTRYINDEX, vm->scripts_ref);
    lua_rawgeti(L, -1, vm->thread->script + 1);

    if (lua_getinfo(L, ">S", &ar)) {
        last = ngx_sprintf(number, "%d", ar.linedefined);

        ngx_http_zoom_lua_vm_say(vm, ", after a tail call by the function at ",
                                 0);
        ngx_http_zoom_lua_vm_say(vm, ar.source + 1, 0);
        ngx_http_zoom_lua_vm_say(vm, ":", 0);
        ngx_http_zoom_lua_vm_say(vm, (char *) number, last - number);
    }

    lua_pop(L, 1);
}


static ngx_uint_t
ngx_http_zoom_lua_vm_in_script(lua_State *co)
{
    int        level;
    lua_Debug  ar;

    for (level = 0; level < NGX_HTTP_ZOOM_LUA_LEVELS; level++) {

        if (!lua_getstack(co, level, &ar)) {
            return 0;
        }

        /* of files the name begins so, see luaL_loadbufferx() */

        if (lua_getinfo(co, "S", &ar) && ar.source[0] == '@') {
            return 1;
        }
    }

    return 1;
}


/* "len" 0: a string that ends with a zero. */

static void
ngx_http_zoom_lua_vm_say(ngx_http_zoom_lua_vm_t *vm, const char *text,
    size_t len)
{
    u_char  c;
    size_t  i;

    if (len == 0) {
        len = ngx_strlen(text);
    }

    for (i = 0; i < len && vm->len < sizeof(vm->reason); i++) {
        c = (u_char) text[i];
        vm->reason[vm->len++] = (c < ' ' || c == 0x7f) ? '?' : c;
    }
}


/* An error may be any value; what __tostring does is none of ours. */

static void
ngx_http_zoom_lua_vm_say_top(ngx_http_zoom_lua_vm_t *vm, lua_State *L)
{
    size_t       len;
    const char  *text;

    if (lua_type(L, -1) == LUA_TSTRING) {
        text = lua_tolstring(L, -1, &len);

        /* half of it is for the traceback */

        if (len) {
            ngx_http_zoom_lua_vm_say(vm, text,
                            ngx_min(len, NGX_HTTP_ZOOM_LUA_REASON / 2));
        }

        return;
    }

    ngx_http_zoom_lua_vm_say(vm, "an error that is a ", 0);
    ngx_http_zoom_lua_vm_say(vm, luaL_typename(L, -1), 0);
}


/*
 * LuaJIT collects when memory has grown by its share, which may be above our
 * limit, and fails rather than collect at once.
 */

static void
ngx_http_zoom_lua_vm_collect(ngx_http_zoom_lua_vm_t *vm)
{
    if (vm->size < vm->floor + vm->limit / 4) {
        return;
    }

    (void) ngx_http_zoom_lua_vm_call(vm, ngx_http_zoom_lua_vm_collect_all,
                                     NULL);
    vm->floor = vm->size;
}


static int
ngx_http_zoom_lua_vm_collect_all(lua_State *L)
{
    (void) lua_gc(L, LUA_GCCOLLECT, 0);

    return 0;
}
