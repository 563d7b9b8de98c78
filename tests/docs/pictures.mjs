// SPDX-License-Identifier: Apache-2.0
//
// The pictures of the documentation, each from the real run: which page, in
// which state. scripts/screenshots makes them.

const PASSWORD = 'input[name="luci_password"]';
const LOGOUT = 'a[href*="/admin/logout"]';
const BUTTON = '#luci-sso-login';

const FRESH = "config oidc 'default'\n\toption enabled '0'\n\nconfig role 'admin'\n\tlist read '*'\n\tlist write '*'\n";

async function signIn({ page, lab }, who) {
	await page.goto(lab.luci);
	await page.click(BUTTON);
	await page.click(`#person-${who}`);
}

// where: lab (router and provider of scripts/lab, as a reader of the tutorial
// sees them) or page (the settings page on real LuCI, which needs a root file
// system of OpenWrt). act brings the page into its state; of, if given, is the
// element shown.
export const pictures = [
	{
		name: 'login-page', where: 'luci', height: 380, act: async ({ page, lab }) => {
			await page.goto(lab.luci);
			await page.waitForSelector(BUTTON);
			await page.focus(PASSWORD);
		},
	},
	{
		name: 'provider', where: 'lab', act: async ({ page, lab }) => {
			await page.goto(lab.luci);
			await page.click(BUTTON);
			await page.waitForSelector('#person-alice');
		},
	},
	{
		name: 'inside', where: 'lab', act: async (stage) => {
			await signIn(stage, 'alice');
			await stage.page.waitForSelector(LOGOUT, { state: 'attached' });
		},
	},
	{
		name: 'refused', where: 'lab', height: 440, act: async (stage) => {
			await signIn(stage, 'dave');
			await stage.page.waitForSelector('main [role=alert]');
		},
	},
	{
		name: 'settings-empty', where: 'page', config: FRESH, quiet: true, act: async () => {},
	},
	{
		name: 'settings-test', where: 'page', act: async ({ page }) => {
			await page.locator('button', { hasText: 'Test connection' }).click();
			await page.waitForSelector('[data-test-result]');
			await page.locator('[data-sso-test]').scrollIntoViewIfNeeded();
		},
		of: '[data-sso-test]',
	},
	{
		name: 'settings-role', where: 'page', act: async ({ page }) => {
			await page.locator('tr[data-sid="admin"] .cbi-button-edit').click();
			await page.waitForSelector('.modal.cbi-modal .cbi-map');
		},
		of: '.modal.cbi-modal',
	},
];
