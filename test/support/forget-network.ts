// Runs before each file of the fast tests, which talk to this process only: whom this machine trusts, and through which
// proxy it goes, must not decide what they find.
import { networkVariables } from './clean-environment.ts';

for (const name of networkVariables) delete process.env[name];
